"""The typed logical plan: a tree (shared nodes make it a DAG) of relational operators.

Every node knows its output row as `fields`. Expressions in a node refer to the fields of its input
by index (`InputRef`). The binder makes these nodes; the plan room turns them into stages. A node is
immutable; two INSERTs over one view share the view's node by identity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import Enum
from typing import TypeAlias

from tidemill.errors import TextWhere
from tidemill.interfaces.python_function import PythonFunction
from tidemill.model import DataType, Schema, TableDescriptor
from tidemill.records import dataclass
from tidemill.sql.expressions import AggregateCall, Call, Expression, LiteralValue
from tidemill.sql.listing import Listing
from tidemill.sql.match import (
    AfterMatchSkip,
    MatchCondition,
    MatchTerm,
    PatternVariable,
)


class TimeAttribute(Enum):
    """Whether a field is a time attribute."""

    ROWTIME = "rowtime"
    PROCTIME = "proctime"


@dataclass(frozen=True, slots=True)
class RowField:
    """One output column of a node."""

    name: str
    type: DataType
    time_attribute: TimeAttribute | None = None


Fields: TypeAlias = tuple[RowField, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """Reads a table. Fields: the descriptor's schema (physical and metadata columns), in order."""

    table: TableDescriptor
    fields: Fields
    where: TextWhere | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Watermark:
    """Declares event time: per partition, the watermark is the greatest value of `expression`.

    `column` is the index of the rowtime field; fields are the input's, that one marked ROWTIME.
    """

    input: LogicalNode
    column: int
    expression: Expression
    fields: Fields


@dataclass(frozen=True, slots=True, eq=False)
class CurrentWatermark:
    """The watermark that stood before each row, or NULL; made by the plan for CURRENT_WATERMARK.

    Fields: the input's, then the watermark.
    """

    input: Watermark
    fields: Fields


@dataclass(frozen=True, slots=True, eq=False)
class Project:
    """Computes each output field from one input row."""

    input: LogicalNode
    expressions: tuple[Expression, ...]
    fields: Fields


@dataclass(frozen=True, slots=True, eq=False)
class Filter:
    """Keeps the rows for which the predicate is TRUE."""

    input: LogicalNode
    predicate: Expression
    fields: Fields


class WindowKind(Enum):
    """The kinds of window."""

    TUMBLE = "TUMBLE"
    HOP = "HOP"
    CUMULATE = "CUMULATE"
    SESSION = "SESSION"


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """A window over the time attribute at index `time_column` of the input; all in milliseconds.

    TUMBLE: size. HOP: size and slide. CUMULATE: size (the maximum) and slide (the step).
    SESSION: gap as size, and the partition columns.
    """

    kind: WindowKind
    time_column: int
    time_attribute: TimeAttribute
    size_ms: int
    slide_ms: int | None = None
    offset_ms: int = 0
    partition_columns: tuple[int, ...] = ()
    in_group_by: bool = False
    """Whether it has the older form, in GROUP BY."""

    @property
    def on_clock(self) -> bool:
        """Whether the window is over processing time."""
        return self.time_attribute is TimeAttribute.PROCTIME


@dataclass(frozen=True, slots=True, eq=False)
class WindowTableFunction:
    """Assigns each row its window(s).

    Fields are the input's, then window_start, window_end and window_time.
    window_time is a time attribute, and the input's rowtime stays one, except after SESSION.
    """

    input: LogicalNode
    window: WindowSpec
    fields: Fields


class WindowProperty(Enum):
    """A key of a window aggregate that stands for the window itself."""

    START = "window_start"
    END = "window_end"
    TIME = "window_time"


@dataclass(frozen=True, slots=True, eq=False)
class Aggregate:
    """GROUP BY. Fields: the keys, then the window properties, then the aggregates.

    With `window` set it is a window aggregate: `input` is then the *input of the window function*
    (the binder has folded it in, whichever form the text used), results come out once per window
    when event time passes its end, append-only. Without, it is an unbounded aggregate that emits a
    changelog (or, over bounded input only, its final rows).
    """

    input: LogicalNode
    keys: tuple[Expression, ...]
    aggregates: tuple[AggregateCall, ...]
    fields: Fields
    window: WindowSpec | None = None
    window_properties: tuple[WindowProperty, ...] = ()
    row_over_nothing: bool = True
    """Whether bounded input without rows gives a row, where there are no keys and no window."""


@dataclass(frozen=True, slots=True, eq=False)
class Union:
    """UNION ALL of inputs with the same types."""

    inputs: tuple[LogicalNode, ...]
    fields: Fields


class SetOperator(Enum):
    """The set operations that are no unions."""

    INTERSECT = "INTERSECT"
    EXCEPT = "EXCEPT"


@dataclass(frozen=True, slots=True, eq=False)
class SetOperation:
    """INTERSECT or EXCEPT of two inputs with the same types; NULLs are equal.

    `all`: a row stands as often as the less frequent side has it (INTERSECT), or as often as the
    left side has it more often (EXCEPT). Otherwise each row stands once.
    """

    inputs: tuple[LogicalNode, LogicalNode]
    operator: SetOperator
    all: bool
    fields: Fields


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """Constant rows; bounded."""

    rows: tuple[tuple[LiteralValue, ...], ...]
    fields: Fields


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of an ORDER BY. Flink's default: NULLs are smallest."""

    expression: Expression
    descending: bool = False
    nulls_first: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Sort:
    """ORDER BY, OFFSET and LIMIT; over a stream with a limit it is a Top-N of all rows."""

    input: LogicalNode
    keys: tuple[SortKey, ...]
    fields: Fields
    limit: int | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Rank:
    """ROW_NUMBER() OVER (PARTITION BY keys ORDER BY order): Top-N and deduplication.

    Fields: the input's, then the number from 1. With `limit` only rows up to that number; without,
    the text bounds the number nowhere.
    """

    input: LogicalNode
    keys: tuple[Expression, ...]
    order: tuple[SortKey, ...]
    fields: Fields
    limit: int | None = None
    where: TextWhere | None = None


@dataclass(frozen=True, slots=True)
class OverFrame:
    """The rows that a call with OVER sees, from `start` to `end`; None is unbounded.

    Offsets from the current row, negative before it: in rows, or (RANGE) in units of the one sort
    key, for a time in microseconds. RANGE takes the rows with an equal key in.
    """

    rows: bool
    start: int | None
    end: int | None


@dataclass(frozen=True, slots=True, eq=False)
class OverAggregate:
    """Functions over each row's frame within its partition; all calls have one window.

    Fields: the input's, then the result of each call. Besides aggregates, calls are ROW_NUMBER,
    RANK, DENSE_RANK, NTILE, PERCENT_RANK, CUME_DIST, LAG and LEAD, which see no frame.
    """

    input: LogicalNode
    keys: tuple[Expression, ...]
    order: tuple[SortKey, ...]
    frame: OverFrame
    calls: tuple[AggregateCall, ...]
    fields: Fields
    where: TextWhere | None = None


@dataclass(frozen=True, slots=True)
class Unnest:
    """The elements of a collection of the left row, each as a row.

    An ARRAY gives its elements in order (those of type ROW field by field), a MAP its keys and
    values, a MULTISET each element as often as it is there. With `ordinality` the place from 1
    stands last, as an INT.
    """

    collection: Expression
    ordinality: bool = False


class CorrelateKind(Enum):
    """What becomes of a left row for which the right side gives none."""

    INNER = "INNER"
    LEFT = "LEFT"


@dataclass(frozen=True, slots=True, eq=False)
class Correlate:
    """CROSS JOIN UNNEST(...) and LATERAL TABLE(f(...)): each left row beside what it gives.

    A table function in Python is unnested too: its call gives an ARRAY of rows. Fields: the
    input's, then those of the function. LEFT keeps a row without results, with NULLs.
    """

    input: LogicalNode
    function: Unnest
    kind: CorrelateKind
    fields: Fields


class JoinKind(Enum):
    """Which rows a join gives besides the pairs; SEMI and ANTI give left rows only."""

    INNER = "INNER"
    LEFT = "LEFT"
    RIGHT = "RIGHT"
    FULL = "FULL"
    SEMI = "SEMI"
    ANTI = "ANTI"

    @property
    def keeps_left(self) -> bool:
        """Whether left rows without a partner come out, with NULLs on the right."""
        return self in (JoinKind.LEFT, JoinKind.FULL)

    @property
    def keeps_right(self) -> bool:
        """Whether right rows without a partner come out, with NULLs on the left."""
        return self in (JoinKind.RIGHT, JoinKind.FULL)

    @property
    def pairs(self) -> bool:
        """Whether the fields of both sides come out."""
        return self not in (JoinKind.SEMI, JoinKind.ANTI)


@dataclass(frozen=True, slots=True, eq=False)
class Join:
    """Pairs of rows for which the condition is TRUE, and by its kind rows without a partner.

    The condition is over the left fields, then the right ones; None where every pair is one.
    Fields are those of both sides in this order, of SEMI and ANTI the left ones. Which kind of
    join it is (regular, interval, window) follows from the condition: `sql/join_times.py` and
    `sql/join_windows.py`. `ttl_ms` is how long a hint lets the rows of each side be kept.
    """

    left: LogicalNode
    right: LogicalNode
    kind: JoinKind
    condition: Expression | None
    fields: Fields
    where: TextWhere | None = None
    ttl_ms: tuple[int | None, int | None] = (None, None)


@dataclass(frozen=True, slots=True, eq=False)
class TemporalJoin:
    """JOIN ... FOR SYSTEM_TIME AS OF event time: each left row beside the version of its key then.

    A version is a row of the right side's changelog; it holds from its event time until that of
    the next one of its key, and a deletion ends it. At most one row per left row; `keys` pair
    expressions over each side. LEFT keeps a row without a version, with NULLs. With `newer_only` a
    right row that comes behind a newer one of its key is no version. Fields are those of both
    sides; the left time attributes stay.
    """

    left: LogicalNode
    right: LogicalNode
    kind: JoinKind
    keys: tuple[tuple[Expression, Expression], ...]
    left_time: int
    right_time: int
    newer_only: bool
    fields: Fields
    where: TextWhere | None = None


@dataclass(frozen=True, slots=True)
class LookupKey:
    """A column of the looked-up table that equals an expression over the left row."""

    column: int
    value: Expression


@dataclass(frozen=True, slots=True)
class LookupRetry:
    """The LOOKUP hint's retry: a key without rows is asked for again, this often at most."""

    attempts: int
    delay_ms: int


@dataclass(frozen=True, slots=True, eq=False)
class LookupJoin:
    """JOIN ... FOR SYSTEM_TIME AS OF processing time: each left row beside the rows of a table.

    The table is asked by its keys when the row comes. `condition` is over the left fields, then
    the table's columns; a LEFT join keeps a row for which it is TRUE nowhere, with NULLs. Fields
    are those of the left side, then the table's columns.
    """

    input: LogicalNode
    table: TableDescriptor
    kind: JoinKind
    keys: tuple[LookupKey, ...]
    condition: Expression | None
    fields: Fields
    retry: LookupRetry | None = None
    where: TextWhere | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PythonCalc:
    """Calls Python functions over each row; made by the plan, which splits them off.

    Fields: the input's, then the result of each call.
    """

    input: LogicalNode
    calls: tuple[Call, ...]
    fields: Fields


@dataclass(frozen=True, slots=True, eq=False)
class MatchRecognize:
    """MATCH_RECOGNIZE, one row per match: rows of a partition, in order, that fit the pattern.

    `order` begins with the time attribute, ascending. `conditions` are by the variable's place;
    one without is met by every row. A match whose last row is `within_ms` or more after its first
    is none. Fields: the `keys`, which are columns of the input, the values of `terms` over the
    whole match, and with `rowtime` the event time at which the match came out.
    """

    input: LogicalNode
    keys: tuple[int, ...]
    order: tuple[SortKey, ...]
    pattern: tuple[PatternVariable, ...]
    conditions: tuple[MatchCondition | None, ...]
    within_ms: int | None
    skip: AfterMatchSkip
    skip_variable: int | None
    terms: tuple[MatchTerm, ...]
    rowtime: bool
    fields: Fields
    where: TextWhere | None = None


LogicalNode: TypeAlias = (
    "Scan | Watermark | Project | Filter | WindowTableFunction | Aggregate | Union | Values | Sort"
    " | CurrentWatermark | Rank | Correlate | Join | PythonCalc | SetOperation"
    " | TemporalJoin | LookupJoin"
    " | OverAggregate | MatchRecognize"
)


@dataclass(frozen=True, slots=True, eq=False)
class Insert:
    """INSERT INTO: the query's fields are already cast to the sink's columns, in their order.

    `sink.schema` holds the columns that are written (physical and non-virtual metadata).
    """

    query: LogicalNode
    sink: TableDescriptor
    where: TextWhere | None = None
    collects: bool = False
    """Whether this is a SELECT whose rows are collected like those of a table."""


@dataclass(frozen=True, slots=True, eq=False)
class Select:
    """A bare SELECT whose rows go to the caller; `schema` names and types its columns."""

    query: LogicalNode
    schema: Schema
    where: TextWhere | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """A whole bound file: what is to run, together, as one job.

    `settings` are the SET values (known and harmless ones only); `notes` say what was taken and
    ignored, in sentences. `selects` is empty in a pipeline file; in the shell the last statement
    may be one.
    `tables` are all tables that the file declares, by name; `functions` its Python functions and
    models, dropped ones left out. `listings` answer its SHOW and DESCRIBE statements; `created` are
    the full names of the tables that CREATE TABLE ... AS made; `catalogs` are the options of its
    catalogs, by name.
    """

    file: str
    text: str
    inserts: tuple[Insert, ...]
    selects: tuple[Select, ...]
    settings: Mapping[str, str]
    tables: Mapping[str, TableDescriptor]
    notes: tuple[str, ...] = field(default=())
    functions: tuple[PythonFunction, ...] = field(default=())
    listings: tuple[Listing, ...] = field(default=())
    created: tuple[tuple[str, str, str], ...] = field(default=())
    catalogs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def inputs(node: LogicalNode) -> tuple[LogicalNode, ...]:
    """The direct inputs of a node."""
    if isinstance(node, (Union, SetOperation)):
        return node.inputs
    if isinstance(node, (Join, TemporalJoin)):
        return (node.left, node.right)
    if isinstance(node, (Scan, Values)):
        return ()
    return (node.input,)
