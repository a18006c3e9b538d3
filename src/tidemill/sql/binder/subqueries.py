"""Subqueries in WHERE, SELECT and HAVING, made joins as Flink's planner makes them.

`IN` and `EXISTS` are semi and anti joins or columns (`found_rows.py`); what a subquery's own WHERE
says of columns of the outer query becomes part of the join's condition. A scalar subquery is an
outer join (`scalar_subqueries.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.expressions import ExpressionBinder
from tidemill.sql.binder.found_rows import Found
from tidemill.sql.binder.inner_queries import BindQuery, as_outer, inner_rows
from tidemill.sql.binder.pushdown import filtered
from tidemill.sql.binder.scalar_subqueries import with_scalar
from tidemill.sql.binder.scope import Scope
from tidemill.sql.binder.subquery_shapes import (
    conjuncts,
    placed_subqueries,
    subqueries_in,
    test_of,
)
from tidemill.sql.expressions import Expression
from tidemill.sql.logical import LogicalNode
from tidemill.sql.syntax.nodes import Node, Subquery


def bind_where(
    context: BindContext, node: LogicalNode, scope: Scope, where: Node, bind_query: BindQuery
) -> tuple[LogicalNode, Scope]:
    """The rows for which WHERE is TRUE, and the scope of their columns."""
    if not subqueries_in(where):
        predicate = ExpressionBinder(context, scope, "WHERE").bind_condition(where)
        return _filtered(node, scope, predicate)
    parts = conjuncts(where)
    tests = [(part, test_of(part)) for part in parts]
    for part, test in tests:  # those without a subquery first: they may make a cross join less
        if test is None and not subqueries_in(part):
            predicate = ExpressionBinder(context, scope, "WHERE").bind_condition(part)
            node, scope = _filtered(node, scope, predicate)
    for part, test in tests:
        if test is None and subqueries_in(part):
            node, scope = with_values(context, node, scope, [part], bind_query, decides=True)
            predicate = ExpressionBinder(context, scope, "WHERE").bind_condition(part)
            node, scope = _filtered(node, scope, predicate)
    for _, test in tests:
        if test is not None:
            node, scope, found = _found(context, node, scope, test, bind_query)
            node, scope = _seen(found.filtered(), scope)
    return node, scope


def with_values(
    context: BindContext,
    node: LogicalNode,
    scope: Scope,
    expressions: Sequence[Node],
    bind_query: BindQuery,
    *,
    decides: bool = False,
) -> tuple[LogicalNode, Scope]:
    """The input with a column for each subquery, which the scope knows.

    With `decides` the expressions are conditions, for which NULL is as good as FALSE.
    """
    for expression in expressions:
        for subquery, only_true in placed_subqueries(expression, decides=decides):
            if scope.value_of(subquery) is not None:
                continue
            if subquery.kind == "SCALAR":
                node, value = with_scalar(context, node, scope, subquery, bind_query)
            else:
                node, scope, found = _found(context, node, scope, subquery, bind_query)
                node, value = found.marked(decides=only_true)
            node, scope = _seen(node, scope)
            scope = replace(scope, subqueries=(*scope.subqueries, (subquery, value)))
    return node, scope


def _found(
    context: BindContext, node: LogicalNode, scope: Scope, test: Subquery, bind_query: BindQuery
) -> tuple[LogicalNode, Scope, Found]:
    """An IN or EXISTS over a node's rows, which have the values before IN."""
    node, scope = with_values(context, node, scope, test.values, bind_query)
    outer = as_outer(scope, node)
    inner = inner_rows(context, outer, test, bind_query, bind_where)
    binder = ExpressionBinder(context, scope, "IN")
    return node, scope, Found(context, node, test, inner, binder.bind)


def _filtered(node: LogicalNode, scope: Scope, predicate: Expression) -> tuple[LogicalNode, Scope]:
    return _seen(filtered(node, predicate), scope)


def _seen(node: LogicalNode, scope: Scope) -> tuple[LogicalNode, Scope]:
    """The scope over a node with the same columns, which may have lost their time."""
    return node, replace(scope, fields=node.fields[: len(scope.fields)])
