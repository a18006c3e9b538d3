"""Names, literals and expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from tidemill.errors import Span
from tidemill.model import DataType
from tidemill.records import dataclass

if TYPE_CHECKING:
    from tidemill.sql.syntax.nodes.over import OverClause
    from tidemill.sql.syntax.nodes.queries import Query


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
