"""Lookup joins: which table can be looked up, and by which keys."""

from __future__ import annotations

from tidemill.model import DataType, TypeRoot
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.lookup_hints import lookup_retry
from tidemill.sql.binder.shapes import map_inputs
from tidemill.sql.catalog import Table
from tidemill.sql.expressions import Call, Expression, InputRef, input_indexes
from tidemill.sql.join_conditions import conjunction, conjuncts, volatile
from tidemill.sql.logical import (
    JoinKind,
    LogicalNode,
    LookupJoin,
    LookupKey,
    RowField,
    Scan,
    Watermark,
)
from tidemill.sql.syntax.nodes import TableReference


def lookup_table(context: BindContext, reference: TableReference) -> Table:
    """The table behind FOR SYSTEM_TIME AS OF processing time; SqlError where it has no lookup."""
    first = reference.path.parts[0].text
    common = len(reference.path.parts) == 1 and first in context.common_tables
    entry = None if common else context.catalog.find(context.source, reference.path)
    if not isinstance(entry, Table) or entry.connector.lookup is None:
        what = "a view" if not isinstance(entry, Table) else f"`{entry.connector.name}`"
        raise context.error(
            "not-supported",
            f"`{reference.path}` cannot be looked up: {what} has no lookup",
            reference.path.span,
            detail="Flink 2.3 has no processing-time join with the versions of a table either.",
            hint="Join by event time, AS OF the rowtime of the left table; or use a table of the "
            "connector `jdbc`.",
        )
    if reference.options:
        entry = context.with_options(entry, reference.options)
    if _scan(entry.node) is None:
        raise context.unsupported(
            f"the lookup of `{reference.path}`, which has computed columns,",
            reference.path.span,
            "Compute them in the query, and leave them out of the table.",
        )
    return entry


def _scan(node: LogicalNode) -> Scan | None:
    if isinstance(node, Watermark):
        return _scan(node.input)
    return node if isinstance(node, Scan) else None


def bind_lookup(
    context: BindContext,
    left: LogicalNode,
    table: Table,
    kind: JoinKind,
    condition: Expression,
    reference: TableReference,
) -> LogicalNode:
    """The lookup join: equalities of a column are its keys, the rest of the condition stays."""
    width = len(left.fields)
    keys: list[LookupKey] = []
    rest: list[Expression] = []
    for part in conjuncts(condition):
        key = _key(part, width)
        if key is not None and all(key.column != known.column for known in keys):
            keys.append(key)
        else:
            rest.append(part)
    if not keys:
        raise context.error(
            "bad-lookup",
            f"the join names no column of `{reference.path}` to look up by",
            reference.path.span,
            hint="Add an equality of one of its columns, as it stands, with a value of its type: "
            f"ON left.key = {reference.path.parts[-1].text}.key.",
        )
    scan = _scan(table.node)
    assert scan is not None
    padded = tuple(
        RowField(f.name, f.type.with_nullable(True) if kind is JoinKind.LEFT else f.type)
        for f in scan.fields
    )
    where = context.source.where(reference.path.span)
    fields = (*left.fields, *padded)
    retry = lookup_retry(context, reference)
    return LookupJoin(left, scan.table, kind, tuple(keys), conjunction(rest), fields, retry, where)


def _key(part: Expression, width: int) -> LookupKey | None:
    """A column of the table (the fields from `width` on) = something without its columns."""
    if not isinstance(part, Call) or part.function != "EQUALS" or volatile(part):
        return None
    one, other = part.arguments
    for column, value in ((one, other), (other, one)):
        if not isinstance(column, InputRef) or column.index < width:
            continue
        if not _same(column.type, value.type):
            continue
        if all(index < width for index in input_indexes(value)):
            return LookupKey(column.index - width, map_inputs(value, lambda index: index))
    return None


def _same(column: DataType, value: DataType) -> bool:
    """Whether a value can be asked for as it stands."""
    if column.is_string and value.is_string:
        return True
    scales = (column.precision, column.scale) == (value.precision, value.scale)
    return column.root is value.root and (column.root is not TypeRoot.DECIMAL or scales)
