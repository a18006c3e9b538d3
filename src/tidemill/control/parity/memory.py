"""A commit group in memory: what it has committed survives the engine, as a store would."""

from __future__ import annotations

from collections.abc import Mapping

from tidemill.interfaces.connector import Changelog, Connector
from tidemill.interfaces.options import OptionSet
from tidemill.model import Batch, DeadLetter, Position

CONNECTOR_NAME = "collect"


class Collected:
    """What is committed, by table; one object over any number of lives of the engine."""

    def __init__(self) -> None:
        self.epoch: int | None = None
        self.batches: dict[str, list[Batch]] = {}


class CollectGroup:
    """Atomic: an epoch's rows and its number enter `Collected` together."""

    name = CONNECTOR_NAME
    atomic = True
    idempotent = True
    at_once = False

    def __init__(self, collected: Collected) -> None:
        self._collected = collected
        self._pending: list[tuple[str, Batch]] = []

    def open(self) -> int | None:
        """The last epoch committed."""
        return self._collected.epoch

    def writer(self, table: str) -> _Writer:
        """A writer of one table."""
        return _Writer(table, self._pending)

    def prepare(self, epoch: int) -> list[DeadLetter]:
        """Nothing to push out."""
        return []

    def commit(self, epoch: int, positions: Mapping[str, Mapping[str, Position]]) -> None:
        """Keep the epoch; one that is kept already changes nothing."""
        if self._collected.epoch is None or epoch > self._collected.epoch:
            for table, batch in self._pending:
                self._collected.batches.setdefault(table, []).append(batch)
            self._collected.epoch = epoch
        self._pending.clear()

    def abort(self) -> None:
        """Forget the open epoch."""
        self._pending.clear()

    def close(self) -> None:
        """Forget the open epoch."""
        self._pending.clear()


class _Writer:
    def __init__(self, table: str, pending: list[tuple[str, Batch]]) -> None:
        self._table = table
        self._pending = pending

    def write(self, batch: Batch) -> list[DeadLetter]:
        self._pending.append((self._table, batch))
        return []


CONNECTOR = Connector(
    CONNECTOR_NAME,
    OptionSet(CONNECTOR_NAME, ()),
    sink_changelog=lambda table, job: Changelog(updates=True),
    group_key=lambda table, job: CONNECTOR_NAME,
    commit_group=lambda tables, job: CollectGroup(Collected()),
)
"""For planning; who wants the rows makes the group with a `Collected` of his own."""
