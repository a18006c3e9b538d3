"""An operator in the running graph: how batches reach it, and what it may ask of the graph.

A node takes the batches of its edges: it sets aside rows that cannot be computed, takes out late
ones, runs the edges' queries and gives the result to its operator in `operators/`, which knows
nothing of all that. What comes out it pushes on. One file each in `nodes/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import pyarrow as pa

from tidemill.engine.batches import Int64s, Mask, StageBatch
from tidemill.engine.clock import Clock
from tidemill.engine.counters import Counters
from tidemill.engine.isolate import BadRow
from tidemill.engine.kernel import Kernel
from tidemill.interfaces.lookup import Lookup
from tidemill.interfaces.operator import StateDelta
from tidemill.model import DeadLetter
from tidemill.plan.physical import FusedStage, OperatorStage, PhysicalPlan
from tidemill.plan.windows import MILLI_US
from tidemill.records import dataclass

LateRows: TypeAlias = Sequence[int]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What an operator holds until event time comes to `watermark_us`, such as a window."""

    watermark_us: int
    window_us: tuple[int, int] | None = None
    """Begin and end of the window that comes out then."""


class Host(Protocol):
    """What the graph offers its nodes; compute thread only."""

    plan: PhysicalPlan
    kernel: Kernel
    counters: Counters
    clock: Clock
    deltas_max: int

    def watermark(self, node: str) -> int:
        """How far event time has come at a source or operator, epoch microseconds."""
        ...

    def push(self, node: str, batch: StageBatch) -> None:
        """Rows of a node go along all its edges."""
        ...

    def rows(self, edge: FusedStage, stage: str, batch: StageBatch) -> pa.Table:
        """The rows that an edge's query gives; counts what it filters and what is bad."""
        ...

    def isolated(
        self, edge: FusedStage, stage: str, batch: StageBatch
    ) -> tuple[pa.Table, StageBatch]:
        """As `rows`, for queries that give partials: also the batch without its bad rows."""
        ...

    def partials(self, stage: OperatorStage, port: int = 0) -> pa.Schema:
        """The schema that the edges of one port of an operator give."""
        ...

    def standing_us(self, edge: FusedStage, stage: OperatorStage, batch: StageBatch) -> Int64s:
        """The watermark of a stage as each row comes (the batch has standings): the least input."""
        ...

    def late(
        self, edge: FusedStage, stage: str, batch: StageBatch, late: Mask, behind_us: Int64s
    ) -> LateRows:
        """Count late rows that pass the edge's filters; gives their indexes in the batch.

        `behind_us` says for every row of the batch how much further back the watermark had to be
        for it to come in time; only those of late rows are looked at.
        """
        ...

    def note_late(
        self, edge: FusedStage, stage: str, batch: StageBatch, rows: Int64s, behind_us: Int64s
    ) -> None:
        """Count rows of a batch that came too late, and remember by how much."""
        ...

    def set_aside(self, edge: FusedStage, stage: str, batch: StageBatch) -> tuple[StageBatch, Mask]:
        """Send the rows that the edge's query cannot compute to the dead letters.

        Gives the others, and where in the batch they are.
        """
        ...

    def refuse(
        self, edge: FusedStage, stage: str, batch: StageBatch, bad: Sequence[BadRow]
    ) -> None:
        """Rows of a batch that an operator cannot take go to the dead letters."""
        ...

    def lose(
        self, stage: OperatorStage, rows: Sequence[tuple[str, str, dict[str, object]]]
    ) -> None:
        """Rows held in an operator's state, as (code, message, values), go to the dead letters."""
        ...

    def lookup(self, stage: str) -> Lookup:
        """The open reader of a lookup join's table."""
        ...

    def report(self, letters: list[DeadLetter]) -> None:
        """Rows go to the dead letters."""
        ...


class Node(Protocol):
    """One operator of the graph."""

    def take(self, edge: FusedStage, batch: StageBatch) -> LateRows:
        """Take a batch that came along an edge; the indexes of its rows that came too late."""
        ...

    def advance(self, watermark_us: int) -> Sequence[pa.Table]:
        """Event time has come to `watermark_us` on all inputs; what that lets out."""
        ...

    def tick(self) -> Sequence[pa.Table]:
        """The time of day has gone on; what that lets out. Asked of stages `on_clock` only."""
        ...

    def watermark_us(self, reached_us: int) -> int:
        """How far event time has come behind the operator, where it has come to `reached_us`."""
        ...

    @property
    def full(self) -> bool:
        """Whether no more input can change anything."""
        ...

    @property
    def ended(self) -> bool:
        """Whether it waits for the end of the input, and the whole result has come out."""
        ...

    @property
    def fired_us(self) -> int | None:
        """End of the last window that has come out; None for other operators."""
        ...

    @property
    def waiting(self) -> Waiting | None:
        """What waits for event time, the first to come out; None where nothing does.

        Asked from any thread.
        """
        ...

    def delta(self) -> StateDelta | None:
        """What changed in the state since the last call; None where nothing did."""
        ...

    def restore(self, deltas: Sequence[StateDelta]) -> None:
        """Go on from a base and the deltas after it."""
        ...

    def state_bytes(self) -> int:
        """Size of the state in bytes."""
        ...


class State(Protocol):
    """The part of an operator that checkpoints see."""

    def delta(self) -> StateDelta | None:
        """What changed since the last call."""
        ...

    def restore(self, deltas: Sequence[StateDelta]) -> None:
        """Go on from a base and the deltas after it."""
        ...

    def state_bytes(self) -> int:
        """Size in bytes."""
        ...


class OperatorNode:
    """What most nodes share: the state is the operator's, and time passes through unchanged."""

    full = False
    fired_us: int | None = None
    waiting: Waiting | None = None

    def __init__(self, host: Host, state: State) -> None:
        self._host = host
        self._state = state

    def in_time(
        self, edge: FusedStage, stage: OperatorStage, batch: StageBatch
    ) -> tuple[StageBatch, LateRows]:
        """The rows that the watermark has not reached, and the indexes of the others."""
        if batch.standing_us is None or batch.event_time_us is None:
            return batch, ()
        standing = self._host.standing_us(edge, stage, batch)
        late = batch.event_time_us <= standing
        if not late.any():
            return batch, ()
        behind = standing - batch.event_time_us + MILLI_US
        return batch.keep(~late), self._host.late(edge, stage.id, batch, late, behind)

    def advance(self, _watermark_us: int) -> Sequence[pa.Table]:
        """Nothing waits for event time."""
        return []

    def tick(self) -> Sequence[pa.Table]:
        """Nothing waits for the time of day."""
        return []

    def watermark_us(self, reached_us: int) -> int:
        """Rows that come out later are not before those that went in."""
        return reached_us

    @property
    def ended(self) -> bool:
        """Whether it waits for the end of the input, and the whole result has come out."""
        return bool(getattr(self._state, "ended", False))

    def delta(self) -> StateDelta | None:
        """What changed in the operator's state."""
        return self._state.delta()

    def restore(self, deltas: Sequence[StateDelta]) -> None:
        """Rebuild the operator's state."""
        self._state.restore(deltas)

    def state_bytes(self) -> int:
        """Size of the operator's state in bytes."""
        return self._state.state_bytes()


class Stateless:
    """What nodes without state share: nothing waits, nothing is kept."""

    full = False
    ended = False
    fired_us: int | None = None
    waiting: Waiting | None = None

    def advance(self, _watermark_us: int) -> Sequence[pa.Table]:
        """Nothing waits for event time."""
        return []

    def tick(self) -> Sequence[pa.Table]:
        """Nothing waits for the time of day."""
        return []

    def watermark_us(self, reached_us: int) -> int:
        """Time passes through."""
        return reached_us

    def delta(self) -> StateDelta | None:
        """No state."""
        return None

    def restore(self, _deltas: Sequence[StateDelta]) -> None:
        """No state."""

    def state_bytes(self) -> int:
        """No state."""
        return 0
