"""The rows of a subquery, and what its WHERE says of columns of the outer query."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from tidemill.errors import SqlError
from tidemill.records import dataclass
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.expressions import ExpressionBinder, contains_aggregate
from tidemill.sql.binder.from_items import Relation, bind_from
from tidemill.sql.binder.renaming import rename_columns
from tidemill.sql.binder.scope import Scope
from tidemill.sql.binder.shapes import map_inputs
from tidemill.sql.binder.subquery_shapes import conjuncts, subqueries_in
from tidemill.sql.expressions import Expression, InputRef, input_indexes
from tidemill.sql.logical import LogicalNode
from tidemill.sql.syntax.nodes import FunctionCall, Node, Query, SelectQuery, Star, Subquery

BindQuery: TypeAlias = Callable[[BindContext, Query], LogicalNode]
BindWhere: TypeAlias = Callable[
    [BindContext, LogicalNode, Scope, Node, BindQuery], tuple[LogicalNode, Scope]
]


@dataclass(frozen=True, slots=True)
class InnerRows:
    """A subquery's rows; its conditions and columns are over the outer row, then its own."""

    node: LogicalNode
    conditions: tuple[Expression, ...]
    columns: tuple[Expression, ...]


def as_outer(scope: Scope, node: LogicalNode) -> Scope:
    """The scope for a subquery: values of other subqueries have no names."""
    seen = scope.columns(None) or []
    return replace(scope, fields=node.fields, visible=tuple(seen))


def inner_rows(
    context: BindContext,
    outer: Scope,
    test: Subquery,
    bind_query: BindQuery,
    bind_where: BindWhere,
) -> InnerRows:
    """What an IN or EXISTS looks at."""
    query, width = test.query, len(outer.fields)
    if not _plain(context, query):
        node = uncorrelated(context, outer, test, bind_query)
        columns = [InputRef(width + i, f.name, f.type) for i, f in enumerate(node.fields)]
        return InnerRows(node, (), tuple(columns))
    assert isinstance(query, SelectQuery) and query.source is not None
    relation = inner_relation(context, query, bind_query)
    node = relation.node
    inner = relation.scope(context.source)
    own, correlated = split_where(context, inner, outer, query.where)
    for part in own:
        node, inner = bind_where(context, node, inner, part, bind_query)
    both = replace(inner, outer=outer)
    binder = ExpressionBinder(context, both, "WHERE")
    conditions = tuple(binder.bind_condition(part) for part in correlated)
    items: list[Expression] = []
    for item in query.items if test.kind == "IN" else ():
        if isinstance(item.expression, Star):
            columns_ = inner.columns(item.expression.qualifier) or []
            items += [map_inputs(c.expression, lambda i: i + width) for c in columns_]
        else:
            items.append(ExpressionBinder(context, both, "the SELECT list").bind(item.expression))
    return InnerRows(node, conditions, tuple(items))


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
        if windowed or contains_aggregate(context, expression) or subqueries_in(expression):
            return False
    return True


def inner_relation(context: BindContext, query: SelectQuery, bind_query: BindQuery) -> Relation:
    """The FROM clause of a subquery."""
    assert query.source is not None
    return bind_from(replace(context, hints=query.hints), query.source, bind_query, rename_columns)


def uncorrelated(
    context: BindContext, outer: Scope, test: Subquery, bind_query: BindQuery
) -> LogicalNode:
    """A subquery that cannot look outside."""
    try:
        return bind_query(context, test.query)
    except SqlError as error:
        if error.code != "sql.unknown-column" or not outer.fields:
            raise
        error.hint = (
            (error.hint or "")
            + " A subquery with GROUP BY, DISTINCT aggregates, set operations or a subquery of its"
            " own does not see the columns of the outer query."
        ).strip()
        raise


def split_where(
    context: BindContext, inner: Scope, outer: Scope, where: Node | None
) -> tuple[list[Node], list[Node]]:
    """The conditions on the subquery's own rows, and those that look outside."""
    own: list[Node] = []
    correlated: list[Node] = []
    both = replace(inner, outer=outer)
    width = len(outer.fields)
    for part in [] if where is None else conjuncts(where):
        if subqueries_in(part):
            own.append(part)
            continue
        bound = ExpressionBinder(context, both, "WHERE").bind_condition(part)
        looks_outside = any(index < width for index in input_indexes(bound))
        (correlated if looks_outside else own).append(part)
    return own, correlated
