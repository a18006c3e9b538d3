"""The syntax tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from tidemill.errors import Span
from tidemill.model import DataType
from tidemill.records import dataclass

if TYPE_CHECKING:
    from tidemill.sql.syntax.match_nodes import MatchRecognizeTable


@dataclass(frozen=True, slots=True)
class Name:
    """One identifier as written, without its backticks."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Path:
    """Identifiers joined by dots: a table, or a column with its qualifiers and fields."""

    parts: tuple[Name, ...]
    span: Span

    def __str__(self) -> str:
        return ".".join(part.text for part in self.parts)


@dataclass(frozen=True, slots=True)
class NumberLiteral:
    """An unsigned number as written."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class StringLiteral:
    """A character string."""

    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class BytesLiteral:
    """A binary string, as hexadecimal digits."""

    digits: str
    span: Span


@dataclass(frozen=True, slots=True)
class WordLiteral:
    """TRUE, FALSE, UNKNOWN or NULL."""

    word: str
    span: Span


@dataclass(frozen=True, slots=True)
class TimeLiteral:
    """DATE, TIME or TIMESTAMP followed by a string."""

    kind: str
    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class IntervalLiteral:
    """INTERVAL [-] 'value' FROM [(precision)] [TO to]."""

    value: str
    negative: bool
    unit: str
    precision: int | None
    to_unit: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A function by its written name; `star` is COUNT(*), `bare` is without parentheses."""

    name: Name
    arguments: tuple[Node, ...]
    span: Span
    star: bool = False
    distinct: bool = False
    filter: Node | None = None
    bare: bool = False
    over: OverClause | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator or constructor under its canonical name; `at` is the operator's own place."""

    operator: str
    arguments: tuple[Node, ...]
    span: Span
    at: Span


@dataclass(frozen=True, slots=True)
class CastNode:
    """CAST or TRY_CAST."""

    argument: Node
    type: DataType
    safe: bool
    span: Span


@dataclass(frozen=True, slots=True)
class FieldAccess:
    """`expression.field`, where the expression is not a plain path."""

    base: Node
    field: Name
    span: Span


@dataclass(frozen=True, slots=True)
class Star:
    """`*` or `t.*` in a select list."""

    qualifier: Path | None
    span: Span


@dataclass(frozen=True, slots=True)
class Subquery:
    """A query in an expression: SCALAR, EXISTS, or IN with the values that are looked for.

    IN stands for `= ANY` and for ANY with another comparison, too.
    """

    kind: str
    values: tuple[Node, ...]
    query: Query
    span: Span
    negated: bool = False
    comparison: str = "EQUALS"


Node: TypeAlias = (
    "Path | NumberLiteral | StringLiteral | BytesLiteral | WordLiteral | TimeLiteral | "
    "IntervalLiteral | FunctionCall | Operation | CastNode | FieldAccess | Subquery"
)


@dataclass(frozen=True, slots=True)
class SelectItem:
    """One item of a select list."""

    expression: Node | Star
    alias: Name | None


@dataclass(frozen=True, slots=True)
class TableAlias:
    """AS name [(columns)]."""

    name: Name
    columns: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class TableReference:
    """A table, view or CTE by name, with its OPTIONS hint and FOR SYSTEM_TIME AS OF."""

    path: Path
    options: tuple[tuple[StringLiteral, StringLiteral], ...]
    alias: TableAlias | None
    span: Span
    as_of: Node | None = None


@dataclass(frozen=True, slots=True)
class DerivedTable:
    """A query in parentheses."""

    query: Query
    alias: TableAlias | None
    span: Span


@dataclass(frozen=True, slots=True)
class WindowArgument:
    """One argument of a window table function or of ML_PREDICT, perhaps named."""

    name: Name | None
    value: TableReference | DerivedTable | Descriptor | ModelReference | Node
    span: Span


@dataclass(frozen=True, slots=True)
class ModelReference:
    """MODEL name."""

    path: Path
    span: Span


@dataclass(frozen=True, slots=True)
class Descriptor:
    """DESCRIPTOR(columns)."""

    columns: tuple[Path, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class WindowFunction:
    """TABLE(TUMBLE(...)) and its like; `partition_by` belongs to SESSION's table."""

    function: Name
    arguments: tuple[WindowArgument, ...]
    partition_by: tuple[Path, ...]
    alias: TableAlias | None
    span: Span


@dataclass(frozen=True, slots=True)
class JoinedTable:
    """Two relations joined: `kind` is INNER, LEFT, RIGHT, FULL or CROSS (a comma is CROSS too).

    At most one of `natural`, `on` and `using` is there; `at` is the place of the words.
    """

    left: FromItem
    right: FromItem
    kind: str
    natural: bool
    on: Node | None
    using: tuple[Name, ...]
    span: Span
    at: Span


@dataclass(frozen=True, slots=True)
class UnnestedTable:
    """UNNEST(collection) [WITH ORDINALITY]; the collection sees the relations left of it."""

    collection: Node
    ordinality: bool
    alias: TableAlias | None
    span: Span


@dataclass(frozen=True, slots=True)
class LateralFunction:
    """LATERAL TABLE(f(...)): a user's table function, which sees the relations left of it."""

    call: FunctionCall
    alias: TableAlias | None
    span: Span


FromItem: TypeAlias = (
    "TableReference | DerivedTable | WindowFunction | JoinedTable | UnnestedTable | "
    "LateralFunction | MatchRecognizeTable"
)


@dataclass(frozen=True, slots=True)
class QueryHint:
    """A hint behind SELECT, such as LOOKUP('table' = 'd')."""

    name: Name
    options: tuple[tuple[StringLiteral, StringLiteral], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class SelectQuery:
    """SELECT ... FROM ... WHERE ... GROUP BY ... HAVING."""

    distinct: Span | None
    items: tuple[SelectItem, ...]
    source: FromItem | None
    where: Node | None
    group_by: tuple[Node, ...] | None
    having: Node | None
    span: Span
    group_span: Span | None = None
    hints: tuple[QueryHint, ...] = ()
    grouping_sets: tuple[tuple[Node, ...], ...] | None = None
    """What GROUPING SETS, ROLLUP and CUBE come to, duplicates kept; `group_by` has all keys."""
    windows: tuple[NamedWindow, ...] = ()


@dataclass(frozen=True, slots=True)
class ValuesQuery:
    """VALUES (...), (...)."""

    rows: tuple[tuple[Node, ...], ...]
    row_spans: tuple[Span, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class UnionQuery:
    """UNION ALL of queries."""

    inputs: tuple[Query, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class SetQuery:
    """UNION, INTERSECT or EXCEPT of two queries; UNION ALL is a UnionQuery."""

    operator: str
    all: bool
    inputs: tuple[Query, Query]
    span: Span


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One item of ORDER BY; `nulls_first` None where nothing was said."""

    expression: Node
    descending: bool
    nulls_first: bool | None


@dataclass(frozen=True, slots=True)
class FrameBound:
    """One end of a frame: UNBOUNDED (no value) or a value, PRECEDING or FOLLOWING; CURRENT ROW."""

    direction: str
    value: Node | None
    span: Span


@dataclass(frozen=True, slots=True)
class FrameClause:
    """ROWS or RANGE, from one bound to another."""

    unit: str
    start: FrameBound
    end: FrameBound
    span: Span


@dataclass(frozen=True, slots=True)
class OverClause:
    """OVER ([name] [PARTITION BY ...] [ORDER BY ...] [frame]), or OVER name."""

    partition_by: tuple[Node, ...]
    order_by: tuple[OrderItem, ...]
    span: Span
    frame: FrameClause | None = None
    name: Name | None = None


@dataclass(frozen=True, slots=True)
class NamedWindow:
    """WINDOW name AS (...)."""

    name: Name
    window: OverClause


@dataclass(frozen=True, slots=True)
class OrderedQuery:
    """A query with ORDER BY, LIMIT, OFFSET."""

    input: Query
    order_by: tuple[OrderItem, ...]
    limit: int | None
    offset: int
    span: Span
    at: Span


@dataclass(frozen=True, slots=True)
class CommonTable:
    """One name of a WITH clause."""

    name: Name
    columns: tuple[Name, ...]
    query: Query


@dataclass(frozen=True, slots=True)
class WithQuery:
    """WITH name AS (...) query."""

    tables: tuple[CommonTable, ...]
    body: Query
    span: Span


Query: TypeAlias = "SelectQuery | ValuesQuery | UnionQuery | SetQuery | OrderedQuery | WithQuery"
