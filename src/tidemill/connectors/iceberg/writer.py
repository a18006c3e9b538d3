"""The writer of one Iceberg table: the epoch's rows become data files, which no reader looks at."""

from __future__ import annotations

import contextlib
import uuid
from itertools import count
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.connectors.iceberg.catalog import translated
from tidemill.connectors.iceberg.options import IcebergOptions
from tidemill.connectors.lake.rows import EpochRows, nullable_inside, taken
from tidemill.errors import ConnectorError
from tidemill.model import Batch, DeadLetter

if TYPE_CHECKING:
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table

BUFFER_BYTES_MAX = 128 << 20


class IcebergWriter:
    """Takes rows; `flush` makes files of them.

    Without a key rows wait in memory, about `BUFFER_BYTES_MAX` of them, before they are written.
    With a PRIMARY KEY the rows of an epoch wait in memory until its end.
    """

    def __init__(self, options: IcebergOptions) -> None:
        self.options = options
        self.files: list[DataFile] = []
        self._table: Table | None = None
        self._waiting = EpochRows()
        self._uuid = uuid.uuid4()
        self._count = count()

    def open(self, table: Table) -> None:
        """The table is there."""
        self._table = table

    def write(self, batch: Batch) -> list[DeadLetter]:
        """Take the rows into the open epoch; the warehouse is the back-pressure."""
        if len(batch) == 0:
            return []
        target = written_schema(self._require(), self.options)
        fit, letters = taken(batch, self.options.table, target, self.options.shown)
        self._waiting.add(fit, spill=False)
        if not self.options.table.primary_key and self._waiting.bytes >= BUFFER_BYTES_MAX:
            with translated(self.options):
                self.flush()
        return letters

    def _require(self) -> Table:
        if self._table is None:
            raise ConnectorError(
                f"{self.options.shown} is not open", code="connector.not-open", retryable=True
            )
        return self._table

    def flush(self) -> None:
        """Write the waiting rows as files."""
        rows = self._waiting.table()
        self._waiting.clear()
        if rows is not None:
            self.files += self.data_files(rows)

    def changes(self) -> tuple[pa.Table, pa.Table] | None:
        """Of a keyed table: the keys that the epoch changes, and the rows that they have then."""
        found = self._waiting.changes(self.options.table.primary_key)
        self._waiting.clear()
        if found is None:
            return None
        rows, deleted = found
        return rows.select(list(self.options.table.primary_key)), rows.filter(pc.invert(deleted))

    def data_files(self, rows: pa.Table) -> list[DataFile]:
        """Write rows (in the table's types) as files; split by partition and size."""
        from pyiceberg.io.pyarrow import _dataframe_to_data_files  # noqa: PLC0415 - an extra

        table = self._require()
        if rows.num_rows == 0:
            return []
        return list(
            _dataframe_to_data_files(
                table_metadata=table.metadata,
                df=rows,
                io=table.io,
                write_uuid=self._uuid,
                counter=self._count,
            )
        )

    def forget(self) -> None:
        """The files belong to the table now."""
        self.files = []

    def discard(self) -> None:
        """Remove what the open epoch has written."""
        self._waiting.clear()
        remove_files(self._table, self.files)
        self.files = []


def remove_files(table: Table | None, files: list[DataFile]) -> None:
    """Delete data files that no snapshot has; what cannot be deleted is left as an orphan."""
    for file in files if table is not None else []:
        assert table is not None
        with contextlib.suppress(Exception):
            table.io.delete(file.file_path)


def written_schema(table: Table, options: IcebergOptions) -> pa.Schema:
    """The Arrow schema that the declared columns are written in, in the table's own types."""
    from pyiceberg.io.pyarrow import schema_to_pyarrow  # noqa: PLC0415 - an extra

    found = schema_to_pyarrow(table.schema(), include_field_ids=False)
    return pa.schema(
        [
            pa.field(name, nullable_inside(found.field(name).type), found.field(name).nullable)
            for name in options.table.schema.names
        ]
    )
