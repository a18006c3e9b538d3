"""ROW_NUMBER() OVER (...) with a bound on the number: Top-N and deduplication.

The number is first a column that counts without end. Where an outer query bounds it from above, in
Flink's own pattern (`WHERE rn <= 3`, `rn = 1`, `rn BETWEEN 1 AND 3`), the bound moves into the
rank; a condition that the bound says already is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tidemill.model.types import BIGINT
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.expressions import ExpressionBinder
from tidemill.sql.binder.over import resolved
from tidemill.sql.binder.over_functions import bind_over_function
from tidemill.sql.binder.scope import Scope
from tidemill.sql.expressions import Call, Cast, Expression, InputRef, Literal
from tidemill.sql.logical import Filter, LogicalNode, Project, Rank, RowField, SortKey
from tidemill.sql.syntax.nodes import FunctionCall, NamedWindow, SelectQuery


def is_rank(context: BindContext, query: SelectQuery, calls: Sequence[FunctionCall]) -> bool:
    """Whether the only call with OVER is a ROW_NUMBER that stands alone in the SELECT list."""
    if len(calls) != 1 or context.function_name(calls[0].name.text) != "ROW_NUMBER":
        return False
    return any(item.expression is calls[0] for item in query.items)


def bind_rank(
    context: BindContext,
    call: FunctionCall,
    windows: Sequence[NamedWindow],
    node: LogicalNode,
    scope: Scope,
) -> tuple[Rank, list[tuple[FunctionCall, InputRef]]]:
    """The input with the number as its last column, and which column that is."""
    over = resolved(context, call, windows)
    bind_over_function(context, scope, call, over, bool(over.order_by))
    binder = ExpressionBinder(context, scope, "OVER")
    keys = tuple(binder.bind(key) for key in over.partition_by)
    order = tuple(
        SortKey(
            binder.bind(item.expression),
            item.descending,
            item.nulls_first if item.nulls_first is not None else not item.descending,
        )
        for item in over.order_by
    )
    number = RowField("$row_number", BIGINT.with_nullable(False))
    fields = (*(replace(field, time_attribute=None) for field in node.fields), number)
    rank = Rank(node, keys, order, fields, where=context.source.where(call.span))
    return rank, [(call, InputRef(len(node.fields), number.name, number.type))]


def bounded_filter(node: LogicalNode, predicate: Expression) -> LogicalNode:
    """The Filter; where it bounds the number of a Rank below, the Rank knows the bound."""
    column = _number_column(node)
    if column is None:
        return Filter(node, predicate, node.fields)
    bound: int | None = None
    rest: list[Expression] = []
    for part in _conjuncts(predicate):
        found = _upper_bound(part, column)
        if found is None:
            rest.append(part)
            continue
        limit, is_all = found
        bound = limit if bound is None else min(bound, limit)
        if not is_all:
            rest.append(part)
    if bound is None:
        return Filter(node, predicate, node.fields)
    node = _with_limit(node, max(bound, 0))
    for part in rest:
        node = Filter(node, part, node.fields)
    return node


def _number_column(node: LogicalNode) -> int | None:
    """Which column is the number of a Rank without a bound, if one is."""
    if isinstance(node, Rank):
        return len(node.fields) - 1 if node.limit is None else None
    if isinstance(node, Filter):
        return _number_column(node.input)
    if isinstance(node, Project):
        below = _number_column(node.input)
        for i, expression in enumerate(node.expressions):
            if isinstance(expression, InputRef) and expression.index == below:
                return i
    return None


def _with_limit(node: LogicalNode, limit: int) -> LogicalNode:
    if isinstance(node, Rank):
        return replace(node, limit=limit)
    assert isinstance(node, (Filter, Project))
    return replace(node, input=_with_limit(node.input, limit))


def _conjuncts(predicate: Expression) -> list[Expression]:
    if isinstance(predicate, Call) and predicate.function == "AND":
        return [part for argument in predicate.arguments for part in _conjuncts(argument)]
    return [predicate]


_TURNED = {
    "LESS_THAN": "GREATER_THAN",
    "LESS_THAN_OR_EQUAL": "GREATER_THAN_OR_EQUAL",
    "GREATER_THAN": "LESS_THAN",
    "GREATER_THAN_OR_EQUAL": "LESS_THAN_OR_EQUAL",
    "EQUALS": "EQUALS",
}


def _upper_bound(part: Expression, column: int) -> tuple[int, bool] | None:
    """The greatest number that a condition lets through, and whether all below it pass too."""
    if not isinstance(part, Call):
        return None
    if part.function == "BETWEEN":
        low, high = _whole(part.arguments[1]), _whole(part.arguments[2])
        if not _is_column(part.arguments[0], column) or low is None or high is None:
            return None
        return high, low <= 1
    if part.function not in _TURNED:
        return None
    left, right = part.arguments
    function = part.function
    if _is_column(right, column):
        left, right, function = right, left, _TURNED[function]
    value = _whole(right)
    if not _is_column(left, column) or value is None:
        return None
    if function == "LESS_THAN":
        return value - 1, True
    if function == "LESS_THAN_OR_EQUAL":
        return value, True
    return (value, value == 1) if function == "EQUALS" else None


def _is_column(expression: Expression, column: int) -> bool:
    if isinstance(expression, Cast):
        return _is_column(expression.argument, column)
    return isinstance(expression, InputRef) and expression.index == column


def _whole(expression: Expression) -> int | None:
    if isinstance(expression, Cast):
        return _whole(expression.argument)
    if isinstance(expression, Literal) and type(expression.value) is int:
        return expression.value
    return None
