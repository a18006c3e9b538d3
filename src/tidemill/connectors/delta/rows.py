"""All rows of a Delta table as an Arrow dataset, of which DuckDB reads only what it needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tidemill.connectors.delta.client import load, missing_table, translated
from tidemill.connectors.delta.options import parse
from tidemill.model import TableDescriptor


@contextmanager
def table_rows(descriptor: TableDescriptor) -> Iterator[object]:
    """The newest version's rows, with the table's own columns."""
    options = parse(descriptor)
    table = load(options)
    if table is None:
        raise missing_table(options)
    with translated(options):
        dataset = table.to_pyarrow_dataset()
    yield dataset
