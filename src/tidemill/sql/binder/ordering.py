"""ORDER BY, LIMIT and OFFSET at the top of a query."""

from __future__ import annotations

from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.expressions import ExpressionBinder
from tidemill.sql.binder.scope import Scope
from tidemill.sql.binder.shapes import shape
from tidemill.sql.expressions import Expression, InputRef
from tidemill.sql.logical import LogicalNode, Sort, SortKey
from tidemill.sql.syntax.nodes import (
    Node,
    NumberLiteral,
    OrderedQuery,
    Query,
    SelectQuery,
    Star,
)


def bind_ordering(context: BindContext, query: OrderedQuery, node: LogicalNode) -> Sort:
    """The Sort over a bound query; keys are its columns, their positions, or expressions."""
    keys = tuple(
        SortKey(
            _key(context, query.input, node, item.expression),
            item.descending,
            item.nulls_first if item.nulls_first is not None else not item.descending,
        )
        for item in query.order_by
    )
    return Sort(node, keys, node.fields, query.limit, query.offset)


def _key(context: BindContext, query: Query, node: LogicalNode, wanted: Node) -> Expression:
    if isinstance(wanted, NumberLiteral):
        return _position(context, node, wanted)
    if isinstance(query, SelectQuery) and not any(
        isinstance(item.expression, Star) for item in query.items
    ):
        for index, item in enumerate(query.items):
            if not isinstance(item.expression, Star) and shape(item.expression) == shape(wanted):
                field = node.fields[index]
                return InputRef(index, field.name, field.type, wanted.span)
    scope = Scope(
        context.source, node.fields, note="ORDER BY sees the columns of the SELECT list only."
    )
    return ExpressionBinder(context, scope, "ORDER BY").bind(wanted)


def _position(context: BindContext, node: LogicalNode, wanted: NumberLiteral) -> InputRef:
    count = len(node.fields)
    if not wanted.text.isdecimal() or not 1 <= int(wanted.text) <= count:
        raise context.error(
            "unknown-column", f"the query has columns 1 to {count}, not {wanted.text}", wanted.span
        )
    index = int(wanted.text) - 1
    return InputRef(index, node.fields[index].name, node.fields[index].type, wanted.span)
