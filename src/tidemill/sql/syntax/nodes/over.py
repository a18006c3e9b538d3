"""The window of a function call, and its frame."""

from __future__ import annotations

from tidemill.errors import Span
from tidemill.records import dataclass
from tidemill.sql.syntax.nodes.expressions import Name, Node


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
