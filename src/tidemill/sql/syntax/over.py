"""OVER (PARTITION BY ... ORDER BY ...), and the items of any ORDER BY."""

from __future__ import annotations

from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.levels import ExpressionParser
from tidemill.sql.syntax.nodes import Node, OrderItem, OverClause
from tidemill.sql.text import cover


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
        raise cursor.unsupported(
            "OVER with the name of a window",
            cover(start, cursor.token.span),
            "Write the window behind OVER, in parentheses.",
        )
    cursor.expect("(")
    partition_by: tuple[Node, ...] = ()
    order_by: tuple[OrderItem, ...] = ()
    if cursor.take("PARTITION", "BY"):
        partition_by = cursor.listed(lambda: expression(cursor))
    if cursor.take("ORDER", "BY"):
        order_by = cursor.listed(lambda: order_item(cursor, expression))
    if cursor.at_any("ROWS", "RANGE"):
        raise cursor.unsupported(f"{cursor.token.upper} in OVER")
    cursor.expect(")")
    return OverClause(partition_by, order_by, cursor.since(start))
