"""The physical plan: what the engine runs. Plain immutable values; all SQL is text by now.

A plan is a DAG in topological order: sources, then stateful operators, then outputs. Everything
stateless lies on the edges: a `FusedStage` is one DuckDB query over the batches of one node. The
relation that a query reads is named after its node (`probe`, `passing` and `first_end_query` read
the `wide` one); input columns are `c0`, `c1`, ... by position,
`k` is the row kind where the stream is a changelog.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

import pyarrow as pa

from tidemill.errors import TextWhere
from tidemill.interfaces.connector import Changelog
from tidemill.model import TableDescriptor
from tidemill.records import dataclass

LateMode = Literal["drop", "table", "fail"]
ErrorMode = Literal["dead-letter", "fail"]
CheckAction = Literal["warn", "dead-letter", "stop"]

KIND = "k"
"""Hidden column: the row kind, int8."""
ROW = "r"
"""Hidden column: the row's index in the batch, int64."""
FIRST_END = "f"
"""Hidden column: end of the first window that still takes the row, epoch microseconds."""


def wide(relation: str) -> str:
    """The relation with the hidden columns `r` and `f` as well; only rare queries read it."""
    return f"{relation}_x"


@dataclass(frozen=True, slots=True)
class EventTime:
    """How a source's rows get their event time and watermark.

    `query` selects `t` (event time) and, unless `delay_us` says that the watermark is the event
    time less a constant, `w` (watermark expression), both in epoch microseconds. `column` is set
    where the event time is a column as it stands, which needs no query.
    """

    query: str
    probe: str
    column: int | None
    delay_us: int | None
    rowtime: str
    watermark: str


@dataclass(frozen=True, slots=True)
class RowCheck:
    """One expectation on the rows of a table; `name` is that of its counters."""

    name: str
    reason: str
    action: CheckAction
    mostly: float


@dataclass(frozen=True, slots=True)
class RowChecks:
    """The expectations on a table's rows; both queries read the wide relation.

    `counts` gives, for each check, the rows that it looks at (`n0`, ...) and those that miss it
    (`u0`, ...). `rows` gives the index `r` of each row that misses one, and which (`u0`, ...).
    """

    counts: str
    rows: str
    checks: tuple[RowCheck, ...]

    @property
    def sets_aside(self) -> bool:
        """Whether rows may be set aside."""
        return any(check.action == "dead-letter" for check in self.checks)


@dataclass(frozen=True, slots=True)
class SourceStage:
    """One table, read once however many statements use it."""

    id: str
    table: TableDescriptor
    changelog: Changelog
    bounded: bool
    event_time: EventTime | None
    late_mode: LateMode = "drop"
    error_mode: ErrorMode = "dead-letter"
    idle_timeout_ms: int | None = None
    values: pa.Table | None = None
    where: TextWhere | None = None
    checks: RowChecks | None = None
    keeps_standing: bool = False
    """Whether every batch tells the watermark before each row, not only where one may be late."""


@dataclass(frozen=True, slots=True)
class FusedStage:
    """One edge: a DuckDB query over each batch of `input`.

    `query` gives the rows for the node behind the edge. `probe` gives the indexes (`r`) of the
    rows that make `query` raise. `passing` gives the indexes of the rows that pass the filters
    (used for rows that are late). `identity` edges hand the batch on untouched; `filters` says
    whether rows can be dropped.
    """

    input: str
    query: str
    probe: str
    passing: str
    identity: bool = False
    filters: bool = False
    pairs: bool = False
    """Whether a filter may part a -U from its +U: `query` then reads the wide relation and gives
    the index `r` as well."""
    first_end_query: str | None = None
    """As `query`, for a hopping window's rows that come after some of their windows fired."""
    numbered: bool = False
    """Whether `query` reads the wide relation and gives the index `r` of each row's origin."""
    port: int = 0
    """Which input of the operator this is: 0 the first or left, 1 the second or right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorStage:
    """A stateful operator. Each kind is a subclass, in its own file in `plan/operators/`.

    `schema` is what it gives, with the kind column where `changelog` has updates. An operator with
    several inputs tells its edges apart by their `port`.
    """

    id: str
    edges: tuple[FusedStage, ...]
    schema: pa.Schema
    changelog: Changelog
    where: TextWhere | None = None

    @property
    def title(self) -> str:
        """The operator's name in `explain`."""
        return type(self).__name__.removesuffix("Stage")

    def facts(self) -> dict[str, Any]:
        """What `explain` shows: keys, changelog mode, kind and bound of the state, queries."""
        return {}

    def fingerprint(self) -> tuple[str, ...]:
        """Texts that change whenever stored state would not fit any more."""
        return ()

    @property
    def waits_for_watermark(self) -> bool:
        """Whether rows come out only when event time advances, so that a late row has no place."""
        return False

    @property
    def drops_late(self) -> bool:
        """Whether a row that comes too late is only counted; so with all that waits, mostly."""
        return self.waits_for_watermark

    @property
    def on_clock(self) -> bool:
        """Whether rows come out as the time of day goes on."""
        return False

    @property
    def growing_keys(self) -> tuple[str, ...]:
        """The keys with which state grows and never shrinks; empty where it is bounded."""
        return ()

    @property
    def growing_rows(self) -> bool:
        """Whether state grows with every row and never shrinks by itself."""
        return False

    @property
    def growing_matches(self) -> bool:
        """Whether what has begun to fit a pattern is kept until it does, if ever."""
        return False


def changelog_mode(changelog: Changelog) -> str:
    """The kinds of row, as Flink writes them."""
    if not changelog.updates:
        return "I"
    return "I,UA,D" if changelog.upsert else "I,UB,UA,D"


@dataclass(frozen=True, slots=True)
class OutputStage:
    """A sink table, or (`select` set) the rows of a bare SELECT by its index in the script."""

    id: str
    edges: tuple[FusedStage, ...]
    schema: pa.Schema
    changelog: Changelog
    sink: TableDescriptor | None = None
    select: int | None = None
    where: TextWhere | None = None
    checks: RowChecks | None = None


@dataclass(frozen=True, slots=True)
class PlanColumn:
    """A column of a node: its name in the text, and the (table, column) pairs it is made of."""

    name: str
    origins: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PhysicalPlan:
    """A job. `fingerprint` changes whenever state would not fit the plan any more."""

    sources: tuple[SourceStage, ...]
    operators: tuple[OperatorStage, ...]
    outputs: tuple[OutputStage, ...]
    settings: Mapping[str, str]
    schemas: Mapping[str, pa.Schema]
    """Arrow schema of each node's batches, by node id, with the hidden kind column if any."""
    fingerprint: str
    notes: tuple[str, ...] = ()
    columns: Mapping[str, tuple[PlanColumn, ...]] = field(default_factory=dict)
    """What stands in the columns of each node's rows, outputs included; for people only."""
    meanings: Mapping[str, str] = field(default_factory=dict)
    """What each node computes, as a digest (`plan/meaning.py`), by id; outputs included."""

    @property
    def bounded(self) -> bool:
        """Whether the job ends by itself."""
        return all(source.bounded for source in self.sources)

    @property
    def checks(self) -> tuple[RowCheck, ...]:
        """The expectations on rows, of sources and sinks."""
        found = [stage.checks for stage in self.sources] + [stage.checks for stage in self.outputs]
        return tuple(check for checks in found if checks is not None for check in checks.checks)

    def source_of(self, node: str) -> tuple[SourceStage, ...]:
        """The sources that a node reads, through any operators."""
        for source in self.sources:
            if source.id == node:
                return (source,)
        for operator in self.operators:
            if operator.id == node:
                found = {s.id: s for edge in operator.edges for s in self.source_of(edge.input)}
                return tuple(found.values())
        return ()
