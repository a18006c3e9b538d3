"""UNION ALL: inputs brought to common types."""

from __future__ import annotations

from collections.abc import Sequence

from tidemill.errors import Span
from tidemill.sql.binder.context import BindContext
from tidemill.sql.expressions import InputRef
from tidemill.sql.functions.coerce import cast_to, common_type
from tidemill.sql.logical import LogicalNode, Project, RowField, Union
from tidemill.sql.syntax.nodes import Query


def bind_union(
    context: BindContext, inputs: Sequence[LogicalNode], queries: Sequence[Query]
) -> Union:
    """The Union of bound inputs; names come from the first."""
    first = inputs[0]
    for node, query in zip(inputs[1:], queries[1:], strict=True):
        if len(node.fields) != len(first.fields):
            raise context.error(
                "column-count",
                f"UNION ALL of {len(first.fields)} and {len(node.fields)} columns",
                query.span,
            )
    fields = tuple(
        _field(context, inputs, index, queries[-1].span) for index in range(len(first.fields))
    )
    return Union(tuple(_cast(node, fields) for node in inputs), fields)


def _field(context: BindContext, inputs: Sequence[LogicalNode], index: int, span: Span) -> RowField:
    column = [node.fields[index] for node in inputs]
    type_ = common_type([field.type for field in column])
    if type_ is None:
        types = " and ".join(dict.fromkeys(field.type.sql() for field in column))
        raise context.error(
            "type-mismatch",
            f"column {index + 1} of UNION ALL has no common type: {types}",
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
