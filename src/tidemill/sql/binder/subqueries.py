"""Subqueries in WHERE and SELECT, made joins as Flink's planner makes them.

`IN` and `EXISTS` are semi joins, with NOT they are anti joins, with SQL's NULLs: `a NOT IN (...)`
is TRUE only where no value of the subquery is equal or NULL. What a subquery's own WHERE says of
columns of the outer query becomes part of the join's condition.

A scalar subquery is an outer join with what is known to be one row at most: an aggregate. Where it
refers to the outer query, by equality, it is grouped by these columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import TypeAlias

from tidemill.errors import SqlError
from tidemill.model.types import BOOLEAN
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.expressions import ExpressionBinder, contains_aggregate, is_aggregate
from tidemill.sql.binder.from_items import Relation, bind_from
from tidemill.sql.binder.pushdown import filtered, join_node
from tidemill.sql.binder.renaming import rename_columns
from tidemill.sql.binder.scope import Scope
from tidemill.sql.binder.shapes import map_inputs
from tidemill.sql.expressions import Call, Expression, InputRef, Literal, input_indexes
from tidemill.sql.functions.registry import FunctionArgumentError
from tidemill.sql.join_conditions import conjunction
from tidemill.sql.logical import (
    Aggregate,
    Filter,
    Join,
    JoinKind,
    LogicalNode,
    Project,
    Values,
)
from tidemill.sql.syntax.nodes import (
    CastNode,
    FieldAccess,
    FunctionCall,
    Node,
    Operation,
    Query,
    SelectItem,
    SelectQuery,
    Star,
    Subquery,
)

BindQuery: TypeAlias = Callable[[BindContext, Query], LogicalNode]


def bind_where(
    context: BindContext, node: LogicalNode, scope: Scope, where: Node, bind_query: BindQuery
) -> tuple[LogicalNode, Scope]:
    """The rows for which WHERE is TRUE, and the scope of their columns."""
    if not _subqueries(where):
        predicate = ExpressionBinder(context, scope, "WHERE").bind_condition(where)
        return _filtered(node, scope, predicate)
    parts = _conjuncts(where)
    tests = [(part, _test(part)) for part in parts]
    for part, test in tests:  # those without a subquery first: they may make a cross join less
        if test is None and not _subqueries(part):
            predicate = ExpressionBinder(context, scope, "WHERE").bind_condition(part)
            node, scope = _filtered(node, scope, predicate)
    for part, test in tests:
        if test is None and _subqueries(part):
            node, scope = with_scalars(context, node, scope, [part], bind_query)
            predicate = ExpressionBinder(context, scope, "WHERE").bind_condition(part)
            node, scope = _filtered(node, scope, predicate)
    for _, test in tests:
        if test is not None:
            node = _tested(context, node, scope, test, bind_query)
    return node, scope


def with_scalars(
    context: BindContext,
    node: LogicalNode,
    scope: Scope,
    expressions: Sequence[Node],
    bind_query: BindQuery,
) -> tuple[LogicalNode, Scope]:
    """The input with a column for each scalar subquery, which the scope knows."""
    for expression in expressions:
        for subquery in _subqueries(expression):
            if subquery.kind == "SCALAR" and scope.value_of(subquery) is None:
                node, value = _scalar(context, node, scope, subquery, bind_query)
                scope = replace(scope, subqueries=(*scope.subqueries, (subquery, value)))
    return node, scope


def _filtered(node: LogicalNode, scope: Scope, predicate: Expression) -> tuple[LogicalNode, Scope]:
    count = len(scope.fields)
    node = filtered(node, predicate)
    return node, replace(scope, fields=node.fields[:count])


def _as_outer(scope: Scope, node: LogicalNode) -> Scope:
    """The scope for a subquery: values of other subqueries have no names."""
    seen = scope.columns(None) or []
    return replace(scope, fields=node.fields, visible=tuple(seen))


def _subqueries(node: Node) -> list[Subquery]:
    """The subqueries in an expression, not those within them."""
    found: list[Subquery] = []
    open_: list[Node] = [node]
    while open_:
        part = open_.pop()
        match part:
            case Operation():
                open_ += part.arguments
            case FunctionCall():
                open_ += part.arguments
                open_ += [] if part.filter is None else [part.filter]
            case CastNode():
                open_.append(part.argument)
            case FieldAccess():
                open_.append(part.base)
            case Subquery():
                found.append(part)
                open_ += part.values
            case _:
                pass
    return found[::-1]


def _conjuncts(node: Node) -> list[Node]:
    if isinstance(node, Operation) and node.operator == "AND":
        return [part for argument in node.arguments for part in _conjuncts(argument)]
    return [node]


def _test(part: Node) -> Subquery | None:
    """The IN or EXISTS that a condition is, perhaps with NOT before it."""
    if isinstance(part, Subquery) and part.kind != "SCALAR":
        return part
    if isinstance(part, Operation) and part.operator == "NOT":
        inner = _test(part.arguments[0])
        return None if inner is None else replace(inner, negated=not inner.negated)
    return None


# -- IN and EXISTS


def _tested(
    context: BindContext, node: LogicalNode, scope: Scope, test: Subquery, bind_query: BindQuery
) -> LogicalNode:
    """The rows for which an IN or EXISTS is TRUE."""
    if any(_subqueries(value) for value in test.values):
        raise context.unsupported("a subquery within a subquery's left side", test.span)
    width = len(node.fields)
    outer = _as_outer(scope, node)
    right, correlated, items = _inner(context, outer, test, bind_query)
    parts = list(correlated)
    if test.kind == "IN":
        if len(items) != len(test.values):
            raise context.error(
                "column-count",
                f"IN compares {len(test.values)} values with {len(items)} columns",
                test.span,
            )
        binder = ExpressionBinder(context, scope, "IN")
        for value, item in zip(test.values, items, strict=True):
            left = binder.bind(value)
            if not input_indexes(left) <= frozenset(range(width)):
                raise context.unsupported("this value before IN", value.span)
            parts.append(_equal(context, test, left, item))
    kind = JoinKind.ANTI if test.negated else JoinKind.SEMI
    where = context.source.where(test.span)
    return join_node(Join(node, right, kind, conjunction(parts), (), where))


def _equal(context: BindContext, test: Subquery, left: Expression, right: Expression) -> Expression:
    """Equal; for NOT IN also where it is not known."""
    try:
        bound = context.scalars["EQUALS"].bind((left, right))
    except FunctionArgumentError as error:
        raise context.error(
            "bad-argument", f"IN {error.message}", test.span, hint=error.hint
        ) from None
    equal: Expression = Call("EQUALS", bound.arguments, bound.type, test.span)
    if not test.negated:
        return equal
    for side in (left, right):
        if side.type.nullable:
            unknown = Call("IS_NULL", (side,), BOOLEAN.with_nullable(False))
            equal = Call("OR", (unknown, equal), BOOLEAN)
    return equal


def _inner(
    context: BindContext, outer: Scope, test: Subquery, bind_query: BindQuery
) -> tuple[LogicalNode, list[Expression], list[Expression]]:
    """A subquery's rows, its conditions on the outer row, and its columns, over both rows."""
    query, width = test.query, len(outer.fields)
    if not _plain(context, query):
        node = _uncorrelated(context, outer, test, bind_query)
        columns = [InputRef(width + i, f.name, f.type) for i, f in enumerate(node.fields)]
        return node, [], list(columns)
    assert isinstance(query, SelectQuery) and query.source is not None
    relation = _relation(context, query, bind_query)
    node = relation.node
    inner = relation.scope(context.source)
    own, correlated = _split_where(context, inner, outer, query.where)
    for part in own:
        node, inner = bind_where(context, node, inner, part, bind_query)
    both = replace(inner, outer=outer)
    binder = ExpressionBinder(context, both, "WHERE")
    conditions = [binder.bind_condition(part) for part in correlated]
    items: list[Expression] = []
    for item in query.items if test.kind == "IN" else ():
        if isinstance(item.expression, Star):
            columns_ = inner.columns(item.expression.qualifier) or []
            items += [map_inputs(c.expression, lambda i: i + width) for c in columns_]
        else:
            items.append(ExpressionBinder(context, both, "the SELECT list").bind(item.expression))
    return node, conditions, items


def _plain(context: BindContext, query: Query) -> bool:
    """Whether a query is FROM, WHERE and expressions of one row: then it may look outside."""
    if not isinstance(query, SelectQuery) or query.source is None:
        return False
    if query.group_by is not None or query.having is not None:
        return False
    for item in query.items:
        expression = item.expression
        if isinstance(expression, Star):
            continue
        windowed = isinstance(expression, FunctionCall) and expression.over is not None
        if windowed or contains_aggregate(context, expression) or _subqueries(expression):
            return False
    return True


def _relation(context: BindContext, query: SelectQuery, bind_query: BindQuery) -> Relation:
    assert query.source is not None
    return bind_from(replace(context, hints=query.hints), query.source, bind_query, rename_columns)


def _uncorrelated(
    context: BindContext, outer: Scope, test: Subquery, bind_query: BindQuery
) -> LogicalNode:
    try:
        return bind_query(context, test.query)
    except SqlError as error:
        if error.code != "sql.unknown-column" or not outer.fields:
            raise
        raise replace_detail(error) from error


def replace_detail(error: SqlError) -> SqlError:
    """The same error; it says that such a subquery does not see the outer columns."""
    error.hint = (
        (error.hint or "")
        + " A subquery with GROUP BY, DISTINCT aggregates, set operations or a subquery of its own"
        " does not see the columns of the outer query."
    ).strip()
    return error


def _split_where(
    context: BindContext, inner: Scope, outer: Scope, where: Node | None
) -> tuple[list[Node], list[Node]]:
    """The conditions on the subquery's own rows, and those that look outside."""
    own: list[Node] = []
    correlated: list[Node] = []
    both = replace(inner, outer=outer)
    width = len(outer.fields)
    for part in [] if where is None else _conjuncts(where):
        if _subqueries(part):
            own.append(part)
            continue
        bound = ExpressionBinder(context, both, "WHERE").bind_condition(part)
        looks_outside = any(index < width for index in input_indexes(bound))
        (correlated if looks_outside else own).append(part)
    return own, correlated


# -- scalar subqueries


def _scalar(
    context: BindContext, node: LogicalNode, scope: Scope, subquery: Subquery, bind_query: BindQuery
) -> tuple[LogicalNode, Expression]:
    """The input joined with a scalar subquery, and the column of its value."""
    width = len(node.fields)
    outer = _as_outer(scope, node)
    where = context.source.where(subquery.span)
    correlated = _correlated_aggregate(context, outer, subquery, bind_query)
    if correlated is None:
        right = _uncorrelated(context, outer, subquery, bind_query)
        condition, counts = None, False
    else:
        right, condition, counts = correlated
    if len(right.fields) != 1 and correlated is None:
        raise context.error(
            "column-count",
            f"a scalar subquery has one column, not {len(right.fields)}",
            subquery.span,
        )
    if correlated is None and not _one_row(right):
        raise context.unsupported(
            "a scalar subquery that may have more than one row",
            subquery.span,
            "Aggregate in it, such as (SELECT MAX(v) FROM t).",
        )
    joined = join_node(Join(node, right, JoinKind.LEFT, condition, (), where))
    field = joined.fields[width]
    value: Expression = InputRef(width, field.name, field.type, subquery.span)
    if counts:  # no row to count is 0, not NULL
        zero = Literal(0, field.type.with_nullable(False))
        type_ = field.type.with_nullable(False)
        value = Call("COALESCE", (value, zero), type_, subquery.span)
    return joined, value


def _one_row(node: LogicalNode) -> bool:
    if isinstance(node, (Project, Filter)):
        return _one_row(node.input)
    if isinstance(node, Values):
        return len(node.rows) <= 1
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
    inner = _relation(context, query, bind_query).scope(context.source)
    own, correlated = _split_where(context, inner, outer, query.where)
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
            )
        outside.append(pair[0])
        keys.append(pair[1])
    made = replace(
        query,
        items=(item, *(SelectItem(key, None) for key in keys)),
        where=_all_of(own),
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


def _all_of(parts: Sequence[Node]) -> Node | None:
    whole: Node | None = None
    for part in parts:
        whole = part if whole is None else Operation("AND", (whole, part), part.span, part.span)
    return whole


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
