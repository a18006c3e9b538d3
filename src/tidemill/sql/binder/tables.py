"""CREATE TABLE to a table: its columns, how it is read, and what can be written to it.

Reading is Scan, then a Project where there are computed columns (or metadata columns declared with
another type than the connector's), then a Watermark where one is declared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tidemill.errors import Span
from tidemill.interfaces.history import HISTORY_TABLE
from tidemill.model import ColumnKind, DataType, Schema, TableDescriptor
from tidemill.sql.binder.columns import (
    BaseColumn,
    base_columns,
    check_partitions,
    check_primary_key,
)
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.expressions import ExpressionBinder, contains_aggregate
from tidemill.sql.binder.scope import Scope
from tidemill.sql.binder.shapes import substitute
from tidemill.sql.catalog import FullName, SinkColumn, Table
from tidemill.sql.expressions import Call, Expression, InputRef
from tidemill.sql.functions.coerce import cast_to
from tidemill.sql.logical import LogicalNode, Project, RowField, Scan, TimeAttribute, Watermark
from tidemill.sql.options import check_columns_named, check_options
from tidemill.sql.session import Session
from tidemill.sql.syntax.definitions import ColumnDefinition, TableDefinition, WatermarkDefinition
from tidemill.sql.syntax.nodes import Name, Path


def bind_table(
    context: BindContext, session: Session, definition: TableDefinition, name: FullName
) -> Table:
    """The table of a checked definition; SqlError with the place of what is wrong."""
    if not definition.columns:
        raise context.error(
            "bad-column",
            f"the table `{definition.path}` has no columns",
            definition.path.span,
            hint="Name the columns with their types.",
        )
    options = check_options(session, definition)
    columns = base_columns(context, definition, options)
    check_columns_named(session, definition, options, [c.connector.name for c in columns])
    check_primary_key(context, definition)
    check_partitions(context, definition)
    key = definition.primary_key
    descriptor = TableDescriptor(
        session.catalog.shown(name),
        Schema(tuple(column.connector for column in columns)),
        options.values,
        tuple(part.text for part in key.columns) if key else (),
        tuple(part.text for part in definition.partitioned_by),
        comment=definition.comment,
        history=_history(context, session, definition),
    )
    sink = tuple(
        SinkColumn(column.connector, column.declared.type)
        for column in columns
        if not column.declared.virtual
    )
    node = _read(context, definition, descriptor, columns)
    return Table(name, descriptor, node, sink, definition, options.connector, definition.temporary)


def _history(
    context: BindContext, session: Session, definition: TableDefinition
) -> TableDescriptor | None:
    """The table that the options say to read first; it is declared above."""
    named = [value for key, value in definition.options if key.value == HISTORY_TABLE]
    if not named:
        return None
    (value,) = named
    path = Path(tuple(Name(part, value.span) for part in value.value.split(".")), value.span)
    found = session.catalog.find(context.source, path)
    if not isinstance(found, Table):
        raise context.error(
            "bad-option",
            f"the option '{HISTORY_TABLE}' takes a table, and `{path}` is a view",
            value.span,
            hint="Name the table that the view reads.",
        )
    return found.descriptor


def _read(
    context: BindContext,
    definition: TableDefinition,
    descriptor: TableDescriptor,
    columns: Sequence[BaseColumn],
) -> LogicalNode:
    fields = tuple(RowField(c.connector.name, c.connector.type) for c in columns)
    scan = Scan(descriptor, fields, context.source.where(definition.path.span))
    node: LogicalNode = _project(context, definition, scan, columns)
    if definition.watermark is None:
        return node
    return _watermark(context, node, definition.watermark)


def _project(
    context: BindContext,
    definition: TableDefinition,
    scan: Scan,
    columns: Sequence[BaseColumn],
) -> LogicalNode:
    base: dict[str, Expression] = {}
    for index, column in enumerate(columns):
        own = InputRef(index, column.declared.name, column.connector.type)
        base[column.declared.name] = cast_to(own, column.declared.type)
    fields: list[RowField] = []
    expressions: list[Expression] = []
    for part in definition.columns:
        name, attribute = part.name.text, None
        if part.kind is not ColumnKind.COMPUTED:
            expression = base[name]
        else:
            expression, attribute = _computed(context, definition, part, columns, base)
        expressions.append(expression)
        fields.append(RowField(name, expression.type, attribute))
    if all(isinstance(e, InputRef) for e in expressions) and len(fields) == len(scan.fields):
        return scan
    return Project(scan, tuple(expressions), tuple(fields))


def _computed(
    context: BindContext,
    definition: TableDefinition,
    column: ColumnDefinition,
    columns: Sequence[BaseColumn],
    base: dict[str, Expression],
) -> tuple[Expression, TimeAttribute | None]:
    """A computed column: it sees physical and metadata columns, as declared, and no other."""
    fields = tuple(RowField(c.declared.name, c.declared.type) for c in columns)
    others = any(c.kind is ColumnKind.COMPUTED and c is not column for c in definition.columns)
    note = "A computed column sees no other computed column." if others else None
    assert column.expression is not None
    binder = ExpressionBinder(
        context, Scope(context.source, fields, note=note), "a computed column"
    )
    if contains_aggregate(context, column.expression):
        raise context.error(
            "misplaced-aggregate",
            "an aggregate function cannot stand in a computed column",
            column.expression.span,
        )
    bound = binder.bind(column.expression)
    if isinstance(bound, Call) and bound.function == "PROCTIME":
        return bound, TimeAttribute.PROCTIME
    return substitute(bound, [base[c.declared.name] for c in columns]), None


def _watermark(
    context: BindContext, node: LogicalNode, watermark: WatermarkDefinition
) -> Watermark:
    scope = Scope(context.source, node.fields)
    column = scope.resolve(watermark.column)
    if not isinstance(column, InputRef):
        raise context.unsupported(
            "a watermark for a field of a row",
            watermark.column.span,
            "Add a computed column with the field, and a watermark for it.",
        )
    field = node.fields[column.index]
    if field.time_attribute is TimeAttribute.PROCTIME:
        raise context.error(
            "bad-watermark",
            "a processing-time column takes no watermark",
            watermark.column.span,
        )
    _check_timestamp(context, field.type, watermark.column.span, f"`{watermark.column}`")
    bound = ExpressionBinder(context, scope, "a watermark").bind(watermark.expression)
    _check_timestamp(context, bound.type, watermark.expression.span, "the watermark")
    type_ = replace(field.type, precision=3)
    rowtime = replace(field, type=type_, time_attribute=TimeAttribute.ROWTIME)
    fields = (*node.fields[: column.index], rowtime, *node.fields[column.index + 1 :])
    return Watermark(node, column.index, bound, fields)


def _check_timestamp(context: BindContext, type_: DataType, span: Span, what: str) -> None:
    if type_.is_timestamp and (type_.precision or 0) <= 3:
        return
    if type_.is_timestamp:
        hint = f"Declare it with milliseconds: {type_.root.value}(3)."
    elif type_.is_string:
        hint = "Add a computed column such as `ts AS TO_TIMESTAMP(text)`, and a watermark for it."
    else:
        hint = (
            "Add a computed column such as `ts AS TO_TIMESTAMP_LTZ(millis, 3)`, and a watermark "
            "for it."
        )
    raise context.error(
        "bad-watermark",
        f"{what} is of type {type_.sql()}; event time is TIMESTAMP or TIMESTAMP_LTZ of at most "
        "3 digits",
        span,
        hint=hint,
    )
