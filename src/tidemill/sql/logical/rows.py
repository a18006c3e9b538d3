"""Nodes that give, change or gather rows one by one."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from tidemill.errors import TextWhere
from tidemill.model import TableDescriptor
from tidemill.records import dataclass
from tidemill.sql.expressions import Expression, LiteralValue
from tidemill.sql.logical.fields import Fields

if TYPE_CHECKING:
    from tidemill.sql.logical.node import LogicalNode


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """Reads a table. Fields: the descriptor's schema (physical and metadata columns), in order."""

    table: TableDescriptor
    fields: Fields
    where: TextWhere | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """Constant rows; bounded."""

    rows: tuple[tuple[LiteralValue, ...], ...]
    fields: Fields


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
