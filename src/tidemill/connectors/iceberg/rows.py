"""All rows of an Iceberg table as an Arrow stream that can be read again and again (for DuckDB)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa

from tidemill.connectors.iceberg.catalog import OpenCatalog, store_properties, translated
from tidemill.connectors.iceberg.options import parse
from tidemill.connectors.iceberg.reading import file_batches, planned_files
from tidemill.connectors.iceberg.target import missing_table
from tidemill.model import TableDescriptor

if TYPE_CHECKING:
    from pyiceberg.table import Table


@contextmanager
def table_rows(descriptor: TableDescriptor) -> Iterator[object]:
    """The current snapshot's rows, with the table's own columns, as long as the context lasts."""
    opened = OpenCatalog(parse(descriptor))
    try:
        opened.open()
        table = opened.load()
        if table is None:
            raise missing_table(opened)
        with translated(opened.options):
            rows = _Rows(table)
        yield rows
    finally:
        opened.close()


def first_rows(metadata_url: str, options: Mapping[str, str], limit: int) -> pa.Table:
    """The first rows of the table that a metadata file describes, whatever catalog it is of.

    Raises the library's own errors.
    """
    from pyiceberg.table import StaticTable  # noqa: PLC0415 - an extra

    table = StaticTable.from_metadata(metadata_url, store_properties(options))
    rows = pa.RecordBatchReader.from_stream(_Rows(table))
    taken: list[pa.RecordBatch] = []
    while sum(map(len, taken)) < limit:
        try:
            taken.append(rows.read_next_batch())
        except StopIteration:
            break
    return pa.Table.from_batches(taken, schema=rows.schema).slice(0, limit)


class _Rows:
    """Speaks Arrow's PyCapsule protocol; every call reads the same snapshot from its beginning."""

    def __init__(self, table: Table) -> None:
        from pyiceberg.io.pyarrow import schema_to_pyarrow  # noqa: PLC0415 - an extra

        self._table = table
        self._schema = schema_to_pyarrow(table.schema(), include_field_ids=False)
        self._tasks = planned_files(table, table.current_snapshot())

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        reader = pa.RecordBatchReader.from_batches(self._schema, self._batches())
        return reader.__arrow_c_stream__(requested_schema)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        for task in self._tasks:
            for batch in file_batches(self._table, task, self._schema.names):
                arrays = [batch.column(f.name).cast(f.type) for f in self._schema]
                yield pa.RecordBatch.from_arrays(arrays, schema=self._schema)
