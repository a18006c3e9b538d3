"""VALUES, and the one row that a SELECT without FROM reads."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from tidemill.model import DataType, TypeRoot
from tidemill.model.types import INT
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.expressions import ExpressionBinder
from tidemill.sql.binder.scope import Scope
from tidemill.sql.expressions import Expression, Literal, LiteralValue
from tidemill.sql.functions.coerce import cast_to, common_type
from tidemill.sql.logical import Fields, LogicalNode, Project, RowField, Union, Values
from tidemill.sql.syntax.nodes import ValuesQuery


def one_row() -> Values:
    """A single row with one column that nobody sees."""
    return Values(((0,),), (RowField("ZERO", INT.with_nullable(False)),))


def bind_values(context: BindContext, query: ValuesQuery) -> LogicalNode:
    """Constant rows; rows with computed values become projections of a single row."""
    binder = ExpressionBinder(context, Scope(context.source, ()), "VALUES")
    rows = [tuple(binder.bind_column(node) for node in row) for row in query.rows]
    width = len(rows[0])
    for row, span in zip(rows, query.row_spans, strict=True):
        if len(row) != width:
            raise context.error(
                "column-count", f"a row of {len(row)} values behind a row of {width}", span
            )
    fields = tuple(_field(context, query, rows, index) for index in range(width))
    constant = [_constant_row(row, fields) for row in rows]
    if all(row is not None for row in constant):
        return Values(tuple(row for row in constant if row is not None), fields)
    projects = tuple(_projected(row, fields) for row in rows)
    return projects[0] if len(projects) == 1 else Union(projects, fields)


def _field(
    context: BindContext, query: ValuesQuery, rows: list[tuple[Expression, ...]], index: int
) -> RowField:
    types = [row[index].type for row in rows]
    type_ = common_type(types)
    if type_ is None:
        shown = " and ".join(dict.fromkeys(t.sql() for t in types))
        raise context.error(
            "type-mismatch",
            f"column {index + 1} of VALUES has no common type: {shown}",
            query.rows[0][index].span,
            hint="CAST the values to the same type.",
        )
    return RowField(f"EXPR${index}", type_)


def _constant_row(row: tuple[Expression, ...], fields: Fields) -> tuple[LiteralValue, ...] | None:
    values: list[LiteralValue] = []
    for expression, field in zip(row, fields, strict=True):
        if not isinstance(expression, Literal):
            return None
        converted = _converted(expression, field.type)
        if converted is None:
            return None
        values.append(converted.value)
    return tuple(values)


def _converted(literal: Literal, type_: DataType) -> Literal | None:
    """The literal as a wider type, or None where that is more than another Python value."""
    value = literal.value
    if value is None or literal.type.with_nullable(True) == type_.with_nullable(True):
        return literal
    if literal.type.is_string and type_.is_string:
        return literal
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, Decimal)):
        if type_.is_integer:
            return literal
        if type_.root is TypeRoot.DECIMAL:
            return Literal(Decimal(value), type_, literal.span)
        if type_.root is TypeRoot.DOUBLE:
            return Literal(float(value), type_, literal.span)
    if isinstance(value, dt.datetime) and type_.is_timestamp:
        return literal if literal.type.root is type_.root else None
    return None


def _projected(row: tuple[Expression, ...], fields: Fields) -> Project:
    expressions = tuple(
        cast_to(expression, field.type) for expression, field in zip(row, fields, strict=True)
    )
    return Project(one_row(), expressions, fields)
