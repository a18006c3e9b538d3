"""ORDER BY, LIMIT and OFFSET of a query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from tidemill.errors import SqlError
from tidemill.model.types import INT
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.expressions import ExpressionBinder
from tidemill.sql.binder.scope import Scope
from tidemill.sql.binder.shapes import shape
from tidemill.sql.expressions import Expression, InputRef
from tidemill.sql.logical import LogicalNode, Project, Sort, SortKey
from tidemill.sql.syntax.nodes import (
    Name,
    Node,
    NumberLiteral,
    OrderedQuery,
    Query,
    SelectItem,
    SelectQuery,
    Star,
)

BindQuery: TypeAlias = Callable[[BindContext, Query], LogicalNode]


def bind_ordering(
    context: BindContext, query: OrderedQuery, bind: BindQuery, *, top: bool
) -> LogicalNode:
    """The Sort over a bound query; only at the top does an ORDER BY without LIMIT count.

    Keys are columns of the query, their positions, or expressions over them. Where a SELECT list
    lacks what a key needs, the key is computed as one more column, which is then left out.
    """
    node = bind(context, query.input)
    keys: list[Expression] = []
    hidden: list[SelectItem] = []
    for item in query.order_by:
        try:
            keys.append(_key(context, query.input, node, item.expression))
        except SqlError as error:
            if not _takes_hidden(query.input) or error.code not in _NOT_IN_LIST:
                raise
            place = len(node.fields) + len(hidden)
            keys.append(InputRef(place, "", INT))
            hidden.append(SelectItem(item.expression, Name(f"$key{place}", item.expression.span)))
    if not top and query.limit is None and not query.offset:
        return node
    if not hidden:
        return _sort(query, node, keys)
    assert isinstance(query.input, SelectQuery)
    wider = bind(context, replace(query.input, items=(*query.input.items, *hidden)))
    settled = [
        InputRef(key.index, "", wider.fields[key.index].type)
        if isinstance(key, InputRef) and key.index >= len(node.fields)
        else key
        for key in keys
    ]
    shown = tuple(InputRef(i, f.name, f.type) for i, f in enumerate(node.fields))
    return Project(_sort(query, wider, settled), shown, node.fields)


_NOT_IN_LIST = ("sql.unknown-column", "sql.misplaced-aggregate")


def _takes_hidden(query: Query) -> bool:
    return isinstance(query, SelectQuery) and query.distinct is None


def _sort(query: OrderedQuery, node: LogicalNode, keys: Sequence[Expression]) -> Sort:
    ordered = tuple(
        SortKey(
            key,
            item.descending,
            item.nulls_first if item.nulls_first is not None else not item.descending,
        )
        for key, item in zip(keys, query.order_by, strict=True)
    )
    return Sort(node, ordered, node.fields, query.limit, query.offset)


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
    note = "ORDER BY sees the columns of the SELECT list only."
    scope = Scope(context.source, node.fields, note=note)
    return ExpressionBinder(context, scope, "ORDER BY").bind(wanted)


def _position(context: BindContext, node: LogicalNode, wanted: NumberLiteral) -> InputRef:
    count = len(node.fields)
    if not wanted.text.isdecimal() or not 1 <= int(wanted.text) <= count:
        raise context.error(
            "unknown-column", f"the query has columns 1 to {count}, not {wanted.text}", wanted.span
        )
    index = int(wanted.text) - 1
    return InputRef(index, node.fields[index].name, node.fields[index].type, wanted.span)
