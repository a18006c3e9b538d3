"""The rows of a key that a sink holds now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.control.parity.results import changes_of
from tidemill.control.reconcile.read_back import bounded_options
from tidemill.control.reconcile.recompute import materialised
from tidemill.interfaces.connector import JobContext
from tidemill.model import Batch, RowKind, TableDescriptor

_ROWS_PER_READ = 50_000
_WAIT_MS = 1000
_INSERT = int(RowKind.INSERT)


def held_rows(
    sink: TableDescriptor, key: Mapping[str, str], context: JobContext
) -> list[tuple[Any, ...]] | None:
    """The rows as plain values; None where the sink's connector has no end to read to.

    Args:
        sink: its options as it is opened.
        key: the columns and the values, as text, that a row must have.
        context: formats and the like.
    """
    from tidemill.connectors import CONNECTORS  # noqa: PLC0415 - loaded when used

    table = bounded_options(sink)
    connector = CONNECTORS[table.options["connector"]]
    if connector.source is None or connector.bounded is None or connector.source_changelog is None:
        return None
    if not connector.bounded(table, context):
        return None
    connector.source_changelog(table, context)
    source = connector.source(table, context)
    found: list[Batch] = []
    try:
        source.open({})
        while not source.finished():
            for part in source.read(_ROWS_PER_READ, _WAIT_MS):
                keep = _matching(part.rows, key)
                kinds = None if part.kinds is None else part.kinds.filter(keep)
                found.append(Batch(part.rows.filter(keep), kinds))
    finally:
        source.close()
    rows = materialised(found, table)
    flat = [Batch(batch) for batch in rows.combine_chunks().to_batches()]
    return [change.values for change in changes_of(flat, table.schema)]


def _matching(rows: pa.RecordBatch, key: Mapping[str, str]) -> pa.BooleanArray:
    keep = pa.array([True] * rows.num_rows, pa.bool_())
    for name, text in key.items():
        column = rows.column(name)
        try:
            value = pa.scalar(text).cast(column.type)
        except pa.ArrowInvalid:
            value = pa.scalar(None, column.type)
        keep = pc.and_(keep, pc.fill_null(pc.equal(column, value), False))
    return keep
