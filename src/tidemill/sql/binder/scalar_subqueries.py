"""Scalar subqueries as outer joins with what is known to be one row at most: an aggregate.

Where it refers to the outer query, by equality, it is grouped by these columns.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace

from tidemill.errors import TextWhere
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.expressions import ExpressionBinder, contains_aggregate, is_aggregate
from tidemill.sql.binder.inner_queries import (
    BindQuery,
    as_outer,
    inner_relation,
    split_where,
    uncorrelated,
)
from tidemill.sql.binder.pushdown import join_node
from tidemill.sql.binder.scope import Scope
from tidemill.sql.binder.subquery_shapes import all_of
from tidemill.sql.expressions import Call, Expression, InputRef, Literal, input_indexes
from tidemill.sql.join_conditions import conjunction
from tidemill.sql.logical import (
    Aggregate,
    Filter,
    Join,
    JoinKind,
    LogicalNode,
    Project,
    Sort,
    Values,
)
from tidemill.sql.syntax.nodes import (
    FunctionCall,
    Node,
    Operation,
    SelectItem,
    SelectQuery,
    Star,
    Subquery,
)


def with_scalar(
    context: BindContext, node: LogicalNode, scope: Scope, subquery: Subquery, bind_query: BindQuery
) -> tuple[LogicalNode, Expression]:
    """The input joined with a scalar subquery, and the column of its value."""
    outer = as_outer(scope, node)
    where = context.source.where(subquery.span)
    correlated = _correlated_aggregate(context, outer, subquery, bind_query)
    if correlated is None:
        right, condition, counts = one_value(context, outer, subquery, bind_query), None, False
    else:
        right, condition, counts = correlated
    joined, place = with_value(node, right, where, condition)
    field = joined.fields[place]
    value: Expression = InputRef(place, field.name, field.type, subquery.span)
    if counts:  # no row to count is 0, not NULL
        zero = Literal(0, field.type.with_nullable(False))
        type_ = field.type.with_nullable(False)
        value = Call("COALESCE", (value, zero), type_, subquery.span)
    return joined, value


def with_value(
    node: LogicalNode,
    right: LogicalNode,
    where: TextWhere | None,
    condition: Expression | None = None,
) -> tuple[LogicalNode, int]:
    """The rows beside the first column of what has one row at most for each; its place."""
    joined = join_node(Join(node, right, JoinKind.LEFT, condition, (), where))
    return joined, len(node.fields)


def one_value(
    context: BindContext, outer: Scope, subquery: Subquery, bind_query: BindQuery
) -> LogicalNode:
    """The one column and row of a scalar subquery that does not look outside."""
    right = uncorrelated(context, outer, subquery, bind_query)
    if len(right.fields) != 1:
        raise context.error(
            "column-count",
            f"a scalar subquery has one column, not {len(right.fields)}",
            subquery.span,
        )
    if not _one_row(right):
        raise context.unsupported(
            "a scalar subquery that may have more than one row",
            subquery.span,
            "Aggregate in it, such as (SELECT MAX(v) FROM t).",
        )
    return right


def _one_row(node: LogicalNode) -> bool:
    if isinstance(node, (Project, Filter)):
        return _one_row(node.input)
    if isinstance(node, Values):
        return len(node.rows) <= 1
    if isinstance(node, Sort):
        return node.limit is not None and node.limit <= 1
    return isinstance(node, Aggregate) and not node.keys and node.window is None


def _correlated_aggregate(
    context: BindContext, outer: Scope, subquery: Subquery, bind_query: BindQuery
) -> tuple[LogicalNode, Expression | None, bool] | None:
    """An aggregate of the rows that belong to the outer row, by its equalities: one per key.

    Also the join's condition, and whether the value is a COUNT. None where it looks not outside.
    """
    query, width = subquery.query, len(outer.fields)
    if not isinstance(query, SelectQuery) or query.source is None or query.where is None:
        return None
    inner = inner_relation(context, query, bind_query).scope(context.source)
    own, correlated = split_where(context, inner, outer, query.where)
    if not correlated:
        return None
    (item, *more) = query.items
    aggregate = not isinstance(item.expression, Star) and contains_aggregate(
        context, item.expression
    )
    if more or not aggregate or query.group_by is not None or query.having is not None:
        raise context.unsupported(
            "a scalar subquery on the outer row that is not one aggregate",
            subquery.span,
            "Write (SELECT MAX(v) FROM t WHERE t.k = outer.k), or a LEFT JOIN.",
        )
    assert not isinstance(item.expression, Star)
    counts = is_aggregate(context, item.expression) and _is_count(context, item.expression)
    if not counts and _mentions_count(context, item.expression):
        raise context.unsupported(
            "COUNT inside an expression of a scalar subquery on the outer row", subquery.span
        )
    both = ExpressionBinder(context, replace(inner, outer=outer), "WHERE")
    keys: list[Node] = []
    outside: list[Expression] = []
    for part in correlated:
        pair = _sides(both, part, width)
        if pair is None:
            raise context.unsupported(
                "a scalar subquery whose WHERE compares with the outer row other than by =",
                part.span,
                "Join and aggregate: SELECT o.id, MAX(i.v) FROM o LEFT JOIN i ON i.v < o.v GROUP "
                "BY o.id.",
            )
        outside.append(pair[0])
        keys.append(pair[1])
    made = replace(
        query,
        items=(item, *(SelectItem(key, None) for key in keys)),
        where=all_of(own),
        group_by=tuple(keys),
        group_span=subquery.span,
    )
    right = bind_query(context, made)
    parts = []
    for i, value in enumerate(outside, 1):
        field = right.fields[i]
        key = InputRef(width + i, field.name, field.type)
        bound = context.scalars["EQUALS"].bind((value, key))
        parts.append(Call("EQUALS", bound.arguments, bound.type, subquery.span))
    return right, conjunction(parts), counts


def _sides(binder: ExpressionBinder, part: Node, width: int) -> tuple[Expression, Node] | None:
    """The outer value and the inner expression of an equality."""
    if not isinstance(part, Operation) or part.operator != "EQUALS":
        return None
    one, other = part.arguments
    for outside, inside in ((one, other), (other, one)):
        value, key = binder.bind(outside), binder.bind(inside)
        left, right = input_indexes(value), input_indexes(key)
        if left and max(left) < width and right and min(right) >= width:
            return value, inside
    return None


def _is_count(context: BindContext, node: Node) -> bool:
    return isinstance(node, FunctionCall) and context.function_name(node.name.text) in (
        "COUNT",
        "APPROX_COUNT_DISTINCT",
    )


def _mentions_count(context: BindContext, node: object) -> bool:
    if isinstance(node, FunctionCall) and _is_count(context, node):
        return True
    if isinstance(node, tuple):
        return any(_mentions_count(context, item) for item in node)
    if is_dataclass(node) and not isinstance(node, type):
        return any(_mentions_count(context, getattr(node, f.name)) for f in fields(node))
    return False
