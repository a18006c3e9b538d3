"""INSERT INTO ... PARTITION: columns whose value the statement gives, not the query."""

from __future__ import annotations

from typing import TypeAlias

from tidemill.errors import did_you_mean
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.expressions import ExpressionBinder
from tidemill.sql.binder.renaming import references
from tidemill.sql.binder.scope import Scope
from tidemill.sql.catalog import Table
from tidemill.sql.logical import LogicalNode, Project, RowField
from tidemill.sql.syntax.nodes import Name, Node

PartitionValue: TypeAlias = "tuple[Name, Node]"


def add_partition(
    context: BindContext,
    table: Table,
    partition: tuple[PartitionValue, ...],
    columns: tuple[Name, ...] | None,
    query: LogicalNode,
) -> tuple[tuple[Name, ...], LogicalNode]:
    """The target columns and the query, with the given values behind its own."""
    _check(context, table, partition)
    names = {name.text for name, _ in partition}
    if columns is None:
        span = partition[0][0].span
        columns = tuple(
            Name(sink.column.name, span)
            for sink in table.sink_columns
            if sink.column.name not in names
        )
    binder = ExpressionBinder(context, Scope(context.source, ()), "PARTITION")
    values = [binder.bind_column(value) for _, value in partition]
    added = tuple(
        RowField(name.text, value.type) for (name, _), value in zip(partition, values, strict=True)
    )
    node = Project(query, (*references(query.fields), *values), (*query.fields, *added))
    return (*columns, *(name for name, _ in partition)), node


def _check(context: BindContext, table: Table, partition: tuple[PartitionValue, ...]) -> None:
    known = table.descriptor.partition_keys
    for name, _ in partition:
        if name.text not in known:
            shown = ", ".join(known)
            raise context.error(
                "bad-partition",
                f"`{name.text}` is no partition column of `{table.descriptor.name}`",
                name.span,
                hint=did_you_mean(name.text, known)
                or (f"Partition columns: {shown}." if known else "It is not PARTITIONED BY any."),
            )
