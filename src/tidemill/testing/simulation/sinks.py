"""Commit groups that remember, fence, fail before or after a commit, and leave it in doubt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from tidemill.errors import ConnectorError, DoubtfulCommitError
from tidemill.interfaces.sink import SinkWriter
from tidemill.model import Batch, DeadLetter
from tidemill.records import dataclass
from tidemill.testing.simulation.world import World

Writes = list[tuple[str, Batch]]


@dataclass
class Store:
    """What one commit group holds durably. `knows`: whether it can say its epoch.

    One that is written `at_once` shows rows as they come, so that those after the last checkpoint
    come twice where the engine dies.
    """

    name: str
    tables: tuple[str, ...]
    atomic: bool = True
    knows: bool = True
    at_once: bool = False
    refuse: Callable[[str, dict[str, Any]], bool] | None = None
    epoch: int | None = None
    commits: list[tuple[int, Writes]] = field(default_factory=list)
    shown: Writes = field(default_factory=list)
    """What was written at once, by epochs that count and by others."""
    generation: int = 0
    """Rises with each engine that opens the group; whoever has an older one is fenced."""

    @property
    def writes(self) -> Writes:
        """All that readers see, in its order."""
        return self.shown if self.at_once else [w for _, writes in self.commits for w in writes]

    def ask(self, world: World, epoch: int, positions: Mapping[str, Any]) -> None:
        """The engine asks for a commit; what becomes of the checkpoint later is not its fault."""
        known = world.checkpoints.get(epoch)
        if known is None:
            world.anomaly(f"{self.name} commits epoch {epoch} before its checkpoint is durable")
        elif known.positions != positions:
            world.anomaly(f"{self.name} commits epoch {epoch} with other positions than saved")

    def apply(self, world: World, epoch: int, writes: Writes) -> None:
        """An epoch arrives whole, and becomes visible."""
        if self.epoch is not None and epoch <= self.epoch:
            if self.atomic or epoch < self.epoch:
                world.anomaly(f"{self.name} commits epoch {epoch} after epoch {self.epoch}")
            held = [writes for number, writes in self.commits if number == epoch]
            if held and not _same(held[0], writes):
                world.anomaly(f"{self.name} is given epoch {epoch} again with other rows")
            self.commits = [c for c in self.commits if c[0] != epoch]
        self.commits.append((epoch, writes))
        self.epoch = epoch
        world.note(f"{self.name} holds epoch {epoch}: {sum(len(b) for _, b in writes)} rows")


def _same(held: Writes, again: Writes) -> bool:
    return len(held) == len(again) and all(
        a[0] == b[0] and a[1].rows.equals(b[1].rows) for a, b in zip(held, again, strict=True)
    )


class _Writer:
    def __init__(self, group: SimulatedGroup, table: str) -> None:
        self._group, self._table = group, table

    def write(self, batch: Batch) -> list[DeadLetter]:
        return self._group.take(self._table, batch)


class SimulatedGroup:
    """A client of a store, in one process of the engine."""

    idempotent = True

    def __init__(self, world: World, store: Store) -> None:
        self._world = world
        self._store = store
        self._process = world.process
        self._generation = -1
        self._pending: Writes = []
        self._in_flight: list[Callable[[], None]] = []

    @property
    def name(self) -> str:
        """The store's name."""
        return self._store.name

    @property
    def atomic(self) -> bool:
        """As the store."""
        return self._store.atomic

    @property
    def at_once(self) -> bool:
        """As the store."""
        return self._store.at_once

    def open(self) -> int | None:
        """Fence older engines, and say what is held; messages on their way arrive now or never."""
        self._fail("open-sink")
        self.fence()
        return self.held()

    def fence(self) -> None:
        """Whatever an older engine does from now on fails."""
        self._check_alive()
        for message in self._world.network[:]:
            if self._world.rng.random() < 0.5:
                self._world.network.remove(message)
                message()
        self._store.generation += 1
        self._generation = self._store.generation

    def held(self) -> int | None:
        """The epoch that the store holds, without fencing anybody."""
        return self._store.epoch if self._store.knows else None

    def writer(self, table: str) -> SinkWriter:
        """Writes one table."""
        assert table in self._store.tables
        return _Writer(self, table)

    def take(self, table: str, batch: Batch) -> list[DeadLetter]:
        """Rows of the open epoch; the store may refuse some."""
        self._fail("write")
        refuse = self._store.refuse
        if refuse is not None:
            bad = [refuse(table, row) for row in batch.rows.to_pylist()]
            if any(bad):
                return self._refuse(table, batch, bad)
        self._keep(table, batch)
        return []

    def _keep(self, table: str, batch: Batch) -> None:
        (self._store.shown if self._store.at_once else self._pending).append((table, batch))

    def _refuse(self, table: str, batch: Batch, bad: list[bool]) -> list[DeadLetter]:
        letters = [
            DeadLetter(table, "sink", "engine.bad-row", "refused", value=str(row).encode())
            for row, wrong in zip(batch.rows.to_pylist(), bad, strict=True)
            if wrong
        ]
        kept = batch.rows.filter([not wrong for wrong in bad])
        assert batch.kinds is None, "only rows of an append-only table are refused"
        if len(kept):
            self._keep(table, Batch(kept))
        return letters

    def prepare(self, epoch: int) -> list[DeadLetter]:
        """All writes are safe."""
        self._fail("prepare")
        return []

    def commit(self, epoch: int, positions: Mapping[str, Mapping[str, Any]]) -> None:
        """Make the epoch visible, or not, or leave it in doubt."""
        self._check_alive()
        writes, self._pending = self._pending, []
        saved = {table: dict(parts) for table, parts in positions.items()}
        self._store.ask(self._world, epoch, saved)
        faults = self._world.happen("commit")
        fault = faults[0] if faults else ""
        if fault == "fails":
            self._unreachable()
        if fault in ("done, then doubt", "done, then death") or not fault:
            self._arrive(epoch, writes)
        elif fault.startswith("late"):
            self._world.network.append(lambda: self._arrive_late(epoch, writes))
        if fault.endswith("doubt"):
            raise DoubtfulCommitError("the line broke", code="connector.doubtful-commit")
        if fault.endswith("death"):
            raise self._world.die()

    def _arrive(self, epoch: int, writes: Writes) -> None:
        if self._generation != self._store.generation:
            raise ConnectorError("fenced by a newer engine", code="connector.fenced")
        self._store.apply(self._world, epoch, writes)

    def _arrive_late(self, epoch: int, writes: Writes) -> None:
        if self._generation != self._store.generation:
            self._world.note(f"a late commit of epoch {epoch} is fenced by {self.name}")
            return
        self._world.note(f"a late commit of epoch {epoch} arrives at {self.name}")
        self._store.apply(self._world, epoch, writes)

    def abort(self) -> None:
        """Forget the open epoch."""
        self._pending = []

    def close(self) -> None:
        """Forget the open epoch."""
        self._pending = []

    def _fail(self, occasion: str) -> None:
        self._check_alive()
        if self._world.happen(occasion):
            self._unreachable()

    def _unreachable(self) -> None:
        raise ConnectorError(
            f"{self.name} does not answer", code="connector.unreachable", retryable=True
        )

    def _check_alive(self) -> None:
        if not self._world.lives(self._process):
            raise self._world.die()
