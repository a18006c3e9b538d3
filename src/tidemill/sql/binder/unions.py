"""Set operations: inputs brought to common types."""

from __future__ import annotations

from collections.abc import Sequence

from tidemill.errors import Span
from tidemill.sql.binder.context import BindContext
from tidemill.sql.expressions import InputRef
from tidemill.sql.functions.coerce import cast_to, common_type
from tidemill.sql.logical import (
    Aggregate,
    LogicalNode,
    Project,
    RowField,
    SetOperation,
    SetOperator,
    Union,
)
from tidemill.sql.syntax.nodes import Query, SetQuery


def bind_union(
    context: BindContext, inputs: Sequence[LogicalNode], queries: Sequence[Query], name: str
) -> Union:
    """UNION ALL of bound inputs; column names come from the first. `name` is for messages."""
    fields = _fields(context, inputs, queries, name)
    return Union(tuple(_cast(node, fields) for node in inputs), fields)


def bind_set_operation(
    context: BindContext, query: SetQuery, left: LogicalNode, right: LogicalNode
) -> LogicalNode:
    """UNION, INTERSECT or EXCEPT of two bound inputs; time attributes end here."""
    name = f"{query.operator} ALL" if query.all else query.operator
    if query.operator == "UNION":
        return distinct(bind_union(context, (left, right), query.inputs, name))
    fields = _fields(context, (left, right), query.inputs, name)
    plain = tuple(RowField(field.name, field.type) for field in fields)
    sides = (_cast(left, fields), _cast(right, fields))
    return SetOperation(sides, SetOperator[query.operator], query.all, plain)


def distinct(node: LogicalNode) -> Aggregate:
    """Each row once."""
    keys = tuple(InputRef(i, field.name, field.type) for i, field in enumerate(node.fields))
    return Aggregate(node, keys, (), tuple(RowField(f.name, f.type) for f in node.fields))


def _fields(
    context: BindContext, inputs: Sequence[LogicalNode], queries: Sequence[Query], name: str
) -> tuple[RowField, ...]:
    first = inputs[0]
    for node, query in zip(inputs[1:], queries[1:], strict=True):
        if len(node.fields) != len(first.fields):
            raise context.error(
                "column-count",
                f"{name} of {len(first.fields)} and {len(node.fields)} columns",
                query.span,
            )
    span = queries[-1].span
    return tuple(_field(context, inputs, i, span, name) for i in range(len(first.fields)))


def _field(
    context: BindContext, inputs: Sequence[LogicalNode], index: int, span: Span, name: str
) -> RowField:
    column = [node.fields[index] for node in inputs]
    type_ = common_type([field.type for field in column])
    if type_ is None:
        types = " and ".join(dict.fromkeys(field.type.sql() for field in column))
        raise context.error(
            "type-mismatch",
            f"column {index + 1} of {name} has no common type: {types}",
            span,
            hint="CAST the column to the same type in each query.",
        )
    attributes = {field.time_attribute for field in column}
    same = len({field.type.with_nullable(True) for field in column}) == 1
    attribute = attributes.pop() if len(attributes) == 1 and same else None
    return RowField(column[0].name, type_, attribute)


def _cast(node: LogicalNode, fields: tuple[RowField, ...]) -> LogicalNode:
    expressions = tuple(
        cast_to(InputRef(i, own.name, own.type), wanted.type)
        for i, (own, wanted) in enumerate(zip(node.fields, fields, strict=True))
    )
    names = tuple(field.name for field in node.fields) == tuple(field.name for field in fields)
    plain = all(isinstance(expression, InputRef) for expression in expressions)
    if plain and names:
        return node
    own_fields = tuple(
        RowField(wanted.name, e.type, wanted.time_attribute)
        for wanted, e in zip(fields, expressions, strict=True)
    )
    return Project(node, expressions, own_fields)
