"""All rows that a table of a store holds now, read through the table's own connector."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from tidemill.control.lake_options import without_streaming
from tidemill.errors import UserError
from tidemill.interfaces.connector import JobContext
from tidemill.model import TableDescriptor
from tidemill.records import dataclass

_ROWS_PER_READ = 50_000
_WAIT_MS = 1000


@dataclass(frozen=True, slots=True)
class Content:
    """The rows, and how many could not be read as the table declares them."""

    rows: pa.Table
    unreadable: int


def read_table(table: TableDescriptor, context: JobContext) -> Content:
    """Read a table to its end; raises UserError where its connector cannot."""
    from tidemill.connectors import CONNECTORS  # noqa: PLC0415 - loaded when used

    options = without_streaming(table.options)
    if options["connector"] == "postgres-cdc":
        options = {**options, "scan.startup.mode": "snapshot"}
    table = replace(table, options=options)
    connector = CONNECTORS[table.options["connector"]]
    bounded = connector.bounded is not None and connector.bounded(table, context)
    if connector.source is None or connector.source_changelog is None or not bounded:
        raise UserError(
            f"`{table.name}` cannot be read back: connector `{connector.name}` has no end to read "
            "to",
            code="reconcile.not-readable",
            hint="Read back can be: jdbc, postgres-cdc, redis, filesystem, iceberg, delta.",
        )
    connector.source_changelog(table, context)
    source = connector.source(table, context)
    batches: list[pa.RecordBatch] = []
    unreadable = 0
    try:
        source.open({})
        while not source.finished():
            for part in source.read(_ROWS_PER_READ, _WAIT_MS):
                batches.append(part.rows)
                unreadable += len(part.dead_letters)
    finally:
        source.close()
    schema = pa.schema([field.with_nullable(True) for field in table.schema.arrow()])
    tables = [pa.Table.from_batches([batch]).cast(schema) for batch in batches]
    return Content(pa.concat_tables(tables) if tables else schema.empty_table(), unreadable)
