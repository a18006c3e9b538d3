"""Which changes of a topic a history holds already: those up to a place in Postgres's log.

A history of a place holds what was committed before it. A change tells its own place in the log,
not that of its transaction's commit; so the place has to be one that no transaction with changes
of the table spans, as under LOCK TABLE ... IN SHARE MODE. A transaction that does is refused
(`connector.history-gap`), as far as the topic shows it: with changes on both sides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow.compute as pc

from tidemill.connectors.kafka.repeats import Keys, Repeats
from tidemill.errors import ConnectorError, Where
from tidemill.interfaces.format import Change, ChangeColumns
from tidemill.model import JsonValue
from tidemill.model.lsn import lsn_text


class Spans:
    """The transactions next to the fence, over all partitions, each told by the commit before."""

    def __init__(self) -> None:
        self.left_out: int | None = None
        self.taken: int | None = None

    def see(self, left_out: int | None, taken: int | None) -> None:
        """Note the commits before a change that was left out, and one that was taken."""
        if left_out is not None:
            self.left_out = max(left_out, -1 if self.left_out is None else self.left_out)
        if taken is not None:
            self.taken = taken if self.taken is None else min(taken, self.taken)

    @property
    def broken(self) -> bool:
        """Whether one transaction lies on both sides."""
        return self.left_out is not None and self.left_out == self.taken


class LsnFence(Repeats):
    """Tells changes of one partition that the history holds, and repeated ones.

    Args:
        lsn: the place that the history is of.
        where: the partition, for errors.
        spans: shared by all partitions of the table.
        earliest: the first offset that the topic held when reading began.
        repeats: the stored state of `Repeats`.
        state: the stored state of this.
    """

    def __init__(
        self,
        lsn: int,
        where: Where,
        spans: Spans,
        earliest: int,
        repeats: Any = None,
        state: Any = None,
        *,
        only_partition: bool = True,
    ) -> None:
        super().__init__(repeats, only_partition=only_partition)
        kept = state or {"earliest": earliest, "left_out": 0, "commits": [None, None]}
        self._lsn, self._where, self._spans = lsn, where, spans
        self._earliest: int = kept["earliest"]
        self._left_out: int = kept["left_out"]
        self._commits: list[int | None] = list(kept["commits"])
        spans.see(*self._commits)

    def fence_state(self) -> JsonValue:
        """What has to be stored beside the state of `Repeats`."""
        return {
            "earliest": self._earliest, "left_out": self._left_out, "commits": [*self._commits],
        }  # fmt: skip

    def has_streamed(self, history: str) -> bool:
        """False: what a snapshot behind the fence may be is looked at by `is_repeat`."""
        return False

    def is_repeat(self, change: Change, key: bytes | None) -> bool:
        """Whether the change was delivered before, by the history or by the topic."""
        if super().is_repeat(change, key):
            return True
        if change.change <= self._lsn:
            self._left_out += 1
            if not change.snapshot:
                self._see(0, change.commit)
            return True
        if change.snapshot:
            raise self._error(
                "connector.history-gap",
                "the topic holds a snapshot that is newer than the history",
                "Read the topic alone, or a history of a later place.",
            )
        if self._commits[1] is None:
            self._begin(change)
        return False

    def all_new(self, changes: ChangeColumns, keys: Callable[[], Keys]) -> bool:
        """As `is_repeat` of each, all of them new; never before one came from behind the fence."""
        if self._commits[1] is None or pc.any(changes.columns["snapshot"]).as_py():
            return False
        return super().all_new(changes, keys)

    def unplaced(self, offset: int) -> ConnectorError:
        """The error for a change that does not tell its place."""
        return self._error(
            "connector.history-fence",
            f"the change at offset {offset} does not tell its place in Postgres's log",
            "The fence `lsn` takes changes that Debezium's connector for Postgres has streamed.",
        )

    def _begin(self, change: Change) -> None:
        """The first change from behind the fence: is it the next one?"""
        if self._earliest > 0 and not self._left_out:
            raise self._error(
                "connector.history-gap",
                "there is a gap between the history and the topic: its first change lies behind "
                "the fence, and earlier ones have been removed",
                "Take a history of a later place, or keep messages longer (retention.ms).",
            )
        self._see(1, change.commit)

    def _see(self, side: int, commit: int) -> None:
        self._commits[side] = commit
        self._spans.see(*self._commits)
        if self._spans.broken:
            raise self._error(
                "connector.history-gap",
                "a transaction has changes on both sides of the fence, and the history holds "
                "none of them",
                "Take a history of a place that no transaction spans: LOCK TABLE ... IN SHARE "
                "MODE, then pg_current_wal_insert_lsn(), then the rows, in one transaction.",
            )

    def _error(self, code: str, message: str, hint: str) -> ConnectorError:
        detail = f"The fence is {lsn_text(self._lsn)}."
        return ConnectorError(message, code=code, where=self._where, detail=detail, hint=hint)
