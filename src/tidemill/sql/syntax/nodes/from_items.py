"""What stands in FROM."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from tidemill.errors import Span
from tidemill.records import dataclass
from tidemill.sql.syntax.nodes.expressions import FunctionCall, Name, Node, Path, StringLiteral

if TYPE_CHECKING:
    from tidemill.sql.syntax.match_nodes import MatchRecognizeTable
    from tidemill.sql.syntax.nodes.queries import Query


@dataclass(frozen=True, slots=True)
class QueryHint:
    """A hint behind SELECT, such as LOOKUP('table' = 'd')."""

    name: Name
    options: tuple[tuple[StringLiteral, StringLiteral], ...]
    span: Span


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
