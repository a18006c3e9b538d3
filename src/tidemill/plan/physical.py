"""The physical plan: what the engine runs. Plain immutable values; all SQL is text by now.

A plan is a DAG in topological order: sources, then stateful operators, then outputs. Everything
stateless lies on the edges: a `FusedStage` is one DuckDB query over the batches of one node. The
relation that a query reads is named after its node (`probe`, `passing` and `first_end_query` read
the `wide` one); input columns are `c0`, `c1`, ... by position,
`k` is the row kind where the stream is a changelog.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from tidemill.errors import TextWhere
from tidemill.interfaces.connector import Changelog
from tidemill.model import TableDescriptor
from tidemill.plan.windows import WindowGrid

LateMode = Literal["drop", "table", "fail"]
ErrorMode = Literal["dead-letter", "fail"]

RankKind = Literal[
    "top", "last", "last-by-arrival", "first-by-arrival", "first-by-rowtime", "window"
]

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


@dataclass(frozen=True, slots=True)
class AggregateStage:
    """A window aggregate, or (`grid` None) an aggregate over bounded input.

    The edges' queries give partials. State columns: `p` (pane), `f` (first window end, hopping
    windows only), the keys `g0`..., the partials, `wt` (sum of weights) where the input is a
    changelog, and `n` (rows, for accounting, not kept). `merge` compacts the relation `<id>_state`;
    `emit` finishes groups, with parameters (first end, last end) where there is a grid.
    """

    id: str
    edges: tuple[FusedStage, ...]
    grid: WindowGrid | None
    merge: str
    emit: str
    schema: pa.Schema
    keys: tuple[str, ...]
    aggregates: tuple[str, ...]
    retracts: bool
    never_empty: bool
    """Whether a row comes out even where no row went in (no keys, no window)."""


@dataclass(frozen=True, slots=True)
class GroupStage:
    """GROUP BY over a stream: a changelog aggregate over keyed state; see `group_aggregates`.

    The edges' queries give partials as for an `AggregateStage` without a window. `partials` are the
    stored columns behind the keys `g0`...; `values` identify a counted value behind its keys (none
    where no aggregate needs values), and `value_weights` are its weights in a batch's partials.
    """

    id: str
    edges: tuple[FusedStage, ...]
    merge: str
    moves: str | None
    changes: str
    schema: pa.Schema
    keys: tuple[str, ...]
    aggregates: tuple[str, ...]
    partials: tuple[str, ...]
    values: tuple[str, ...]
    value_weights: tuple[str, ...]
    extremes: tuple[str, ...]
    retracts: bool
    ttl_ms: int
    where: TextWhere | None = None


@dataclass(frozen=True, slots=True)
class RankStage:
    """Top-N or deduplication over keyed state; see `ranks`.

    The edges' queries give the input's columns, partition keys (`partition`), sort keys, and event
    time or weight where they are needed. `batch` orders the relation `<id>_batch` by partition,
    `top` orders the relation `<id>_rows` within each. The last output column is the number, which
    `number` says is used.
    """

    id: str
    edges: tuple[FusedStage, ...]
    kind: RankKind
    batch: str
    top: str
    schema: pa.Schema
    partition: tuple[str, ...]
    keys: tuple[str, ...]
    order: tuple[str, ...]
    limit: int
    number: bool
    retracts: bool
    ttl_ms: int
    where: TextWhere | None = None


@dataclass(frozen=True, slots=True)
class SortStage:
    """ORDER BY, OFFSET, LIMIT: of the whole bounded input, or a bare limit of a stream."""

    id: str
    edges: tuple[FusedStage, ...]
    query: str | None
    schema: pa.Schema
    limit: int | None
    offset: int


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


OperatorStage = AggregateStage | GroupStage | RankStage | SortStage


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

    @property
    def bounded(self) -> bool:
        """Whether the job ends by itself."""
        return all(source.bounded for source in self.sources)

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
