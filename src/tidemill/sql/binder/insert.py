"""INSERT INTO: the query's columns brought to the sink's, as Flink does by itself or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tidemill.errors import Span, SqlError, did_you_mean
from tidemill.model import Schema
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.query import project
from tidemill.sql.catalog import SinkColumn, Table
from tidemill.sql.expressions import Expression, InputRef, Literal
from tidemill.sql.functions.coerce import assignment_cast, can_store, cast_to
from tidemill.sql.logical import Insert, LogicalNode, Project, RowField
from tidemill.sql.syntax.nodes import Name


def bind_insert(
    context: BindContext,
    table: Table,
    columns: Sequence[Name] | None,
    query: LogicalNode,
    span: Span,
) -> Insert:
    """The Insert of a bound query; `columns` are those that the text names, None for all."""
    targets = _targets(context, table, columns)
    if len(targets) != len(query.fields):
        raise _mismatch(
            context,
            table,
            targets,
            query,
            span,
            f"the query has {len(query.fields)} columns and `{_shown(context, table)}` takes "
            f"{len(targets)}",
        )
    given = {target.column.name: index for index, target in enumerate(targets)}
    expressions: list[Expression] = []
    fields: list[RowField] = []
    for sink in table.sink_columns:
        index = given.get(sink.column.name)
        if index is None:
            expression = _default(context, table, sink, span)
        else:
            expression = _stored(context, table, targets, query, index, span)
        expressions.append(expression)
        fields.append(
            RowField(sink.column.name, sink.column.type.with_nullable(expression.type.nullable))
        )
    node = _without_change(query, expressions, fields)
    schema = Schema(tuple(sink.column for sink in table.sink_columns))
    descriptor = replace(table.descriptor, schema=schema)
    return Insert(node, descriptor, context.source.where(span))


def _without_change(
    query: LogicalNode, expressions: list[Expression], fields: list[RowField]
) -> LogicalNode:
    node = project(query, tuple(expressions), tuple(fields))
    assert isinstance(node, Project) or node is query
    return node


def _targets(
    context: BindContext, table: Table, columns: Sequence[Name] | None
) -> list[SinkColumn]:
    if columns is None:
        return list(table.sink_columns)
    known = {sink.column.name: sink for sink in table.sink_columns}
    targets: dict[str, SinkColumn] = {}
    for name in columns:
        if name.text not in known:
            raise context.error(
                "unknown-column",
                f"`{_shown(context, table)}` has no column `{name.text}` to write",
                name.span,
                hint=did_you_mean(name.text, known) or f"Columns: {', '.join(known)}.",
            )
        if name.text in targets:
            raise context.error(
                "duplicate-column", f"the column `{name.text}` is there twice", name.span
            )
        targets[name.text] = known[name.text]
    return list(targets.values())


def _default(context: BindContext, table: Table, sink: SinkColumn, span: Span) -> Expression:
    if not sink.column.type.nullable:
        raise context.error(
            "sink-mismatch",
            f"the column `{sink.column.name}` of `{_shown(context, table)}` is NOT NULL and gets "
            "no value",
            span,
            hint="Add it to the column list.",
        )
    return Literal(None, sink.column.type)


def _stored(
    context: BindContext,
    table: Table,
    targets: Sequence[SinkColumn],
    query: LogicalNode,
    index: int,
    span: Span,
) -> Expression:
    field, target = query.fields[index], targets[index]
    if not can_store(field.type, target.declared):
        name = "..." if field.name.startswith("EXPR$") else field.name
        raise _mismatch(
            context,
            table,
            targets,
            query,
            _place(query, index, span),
            f"column {index + 1} of the query, `{field.name}`, is {field.type.sql()} and "
            f"`{target.column.name}` of `{_shown(context, table)}` is {target.declared.sql()}",
            f"CAST it in the SELECT list: CAST({name} AS {target.declared.sql()}).",
        )
    stored = assignment_cast(InputRef(index, field.name, field.type), target.declared)
    return cast_to(stored, target.column.type) if target.declared != target.column.type else stored


def _place(query: LogicalNode, index: int, span: Span) -> Span:
    """The item of the SELECT list, where it stands in this statement; otherwise the table."""
    own = query.expressions[index].span if isinstance(query, Project) else None
    return own if own is not None and own.start > span.start else span


def _mismatch(
    context: BindContext,
    table: Table,
    targets: Sequence[SinkColumn],
    query: LogicalNode,
    span: Span,
    message: str,
    hint: str | None = None,
) -> SqlError:
    wanted = ", ".join(f"{sink.column.name} {sink.declared}" for sink in targets)
    given = ", ".join(f"{field.name} {field.type}" for field in query.fields)
    return context.error(
        "sink-mismatch",
        message,
        span,
        detail=f"Query schema: [{given}]\nSink schema:  [{wanted}]",
        hint=hint
        or "Select as many columns as the table has, in its order, or name the columns "
        "behind the table: INSERT INTO t (a, b) SELECT ...",
    )


def _shown(context: BindContext, table: Table) -> str:
    return context.catalog.shown(table.name)
