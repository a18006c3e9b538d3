"""OVER (...), the WINDOW clause that names what stands there, and the items of any ORDER BY."""

from __future__ import annotations

from tidemill.errors import Span
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.levels import ADD, ExpressionParser
from tidemill.sql.syntax.nodes import (
    FrameBound,
    FrameClause,
    Name,
    NamedWindow,
    Node,
    OrderItem,
    OverClause,
)


def order_item(cursor: Cursor, expression: ExpressionParser) -> OrderItem:
    """One item of ORDER BY."""
    key = expression(cursor)
    descending = cursor.take("DESC")
    if not descending:
        cursor.take("ASC")
    nulls_first: bool | None = None
    if cursor.take("NULLS"):
        nulls_first = cursor.take("FIRST")
        if not nulls_first:
            cursor.expect("LAST")
    return OrderItem(key, descending, nulls_first)


def over_clause(cursor: Cursor, expression: ExpressionParser) -> OverClause:
    """The clause from OVER on."""
    start = cursor.expect("OVER").span
    if not cursor.at("("):
        name = cursor.name("a window: its name, or ( and what it is")
        return OverClause((), (), cursor.since(start), None, name)
    return _window(cursor, expression, start)


def named_window(cursor: Cursor, expression: ExpressionParser) -> NamedWindow:
    """`name AS (...)` of a WINDOW clause."""
    name = cursor.name("the name of a window")
    cursor.expect("AS")
    return NamedWindow(name, _window(cursor, expression, cursor.token.span))


def _window(cursor: Cursor, expression: ExpressionParser, start: Span) -> OverClause:
    cursor.expect("(")
    name: Name | None = None
    if cursor.at_name() and not cursor.at_any("PARTITION", "ORDER", "ROWS", "RANGE"):
        name = cursor.name()
    partition_by: tuple[Node, ...] = ()
    order_by: tuple[OrderItem, ...] = ()
    if cursor.take("PARTITION", "BY"):
        partition_by = cursor.listed(lambda: expression(cursor))
    if cursor.take("ORDER", "BY"):
        order_by = cursor.listed(lambda: order_item(cursor, expression))
    frame = _frame(cursor, expression) if cursor.at_any("ROWS", "RANGE") else None
    cursor.expect(")")
    return OverClause(partition_by, order_by, cursor.since(start), frame, name)


def _frame(cursor: Cursor, expression: ExpressionParser) -> FrameClause:
    unit = cursor.advance()
    if cursor.take("BETWEEN"):
        first = _bound(cursor, expression)
        cursor.expect("AND")
        last = _bound(cursor, expression)
    else:
        first = _bound(cursor, expression)
        last = FrameBound("CURRENT ROW", None, first.span)
    return FrameClause(unit.upper, first, last, cursor.since(unit.span))


def _bound(cursor: Cursor, expression: ExpressionParser) -> FrameBound:
    start = cursor.token.span
    if cursor.take("CURRENT", "ROW"):
        return FrameBound("CURRENT ROW", None, cursor.since(start))
    value = None if cursor.take("UNBOUNDED") else expression(cursor, ADD)
    direction = "PRECEDING" if cursor.take("PRECEDING") else "FOLLOWING"
    if direction == "FOLLOWING":
        cursor.expect("FOLLOWING")
    return FrameBound(direction, value, cursor.since(start))
