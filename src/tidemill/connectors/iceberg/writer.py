"""The writer of one Iceberg table: the epoch's rows become data files, which no reader looks at."""

from __future__ import annotations

import contextlib
import uuid
from itertools import count
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.connectors.iceberg.options import IcebergOptions
from tidemill.connectors.iceberg.types import nullable_inside
from tidemill.connectors.jdbc.changes import effective, last_per_key
from tidemill.errors import ConnectorError, Where
from tidemill.model import Batch, DeadLetter, RowKind
from tidemill.model.row_json import row_json

if TYPE_CHECKING:
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table

BUFFER_BYTES_MAX = 128 << 20
_WITHDRAWN = pa.array([RowKind.DELETE, RowKind.UPDATE_BEFORE], pa.int8())


class IcebergWriter:
    """Takes rows; `finish` makes files of them.

    Without a key rows wait in memory, about `BUFFER_BYTES_MAX` of them, before they are written.
    With a PRIMARY KEY the rows of an epoch wait in memory until its end.
    """

    def __init__(self, options: IcebergOptions) -> None:
        self.options = options
        self.files: list[DataFile] = []
        self._table: Table | None = None
        self._batches: list[Batch] = []
        self._bytes = 0
        self._uuid = uuid.uuid4()
        self._count = count()

    def open(self, table: Table) -> None:
        """The table is there."""
        self._table = table

    def write(self, batch: Batch) -> list[DeadLetter]:
        """Take the rows into the open epoch; the warehouse is the back-pressure."""
        if len(batch) == 0:
            return []
        keys = self.options.table.primary_key
        if not keys:
            self._refuse_updates(batch)
        elif batch.kinds is not None:
            # A -U whose +U is refused must not take the old row away.
            mask = effective(pa.Table.from_batches([batch.rows]), keys, batch.kinds)
            batch = Batch(batch.rows.filter(mask), batch.kinds.filter(mask))
        fit, letters = self._fitting(batch)
        if len(fit):
            self._batches.append(fit)
            self._bytes += fit.bytes
        if not keys and self._bytes >= BUFFER_BYTES_MAX:
            self.flush()
        return letters

    def _refuse_updates(self, batch: Batch) -> None:
        if batch.kinds is not None and pc.any(pc.not_equal(batch.kinds, 0)).as_py():
            raise ConnectorError(
                f"`{self.options.table.name}` takes only new rows, and a change came",
                code="connector.schema-mismatch",
                where=Where(table=self.options.table.name),
                hint="Declare a PRIMARY KEY ... NOT ENFORCED, so that rows can be updated.",
            )

    def _require(self) -> Table:
        if self._table is None:
            raise ConnectorError(
                f"{self.options.shown} is not open", code="connector.not-open", retryable=True
            )
        return self._table

    def _fitting(self, batch: Batch) -> tuple[Batch, list[DeadLetter]]:
        """The rows in the table's own types, and those that it cannot take."""
        target = written_schema(self._require(), self.options)
        try:
            return Batch(_cast(batch.rows, target), batch.kinds), []
        except (pa.ArrowException, ValueError) as error:
            if len(batch) == 1:
                return Batch(_cast(batch.rows.slice(0, 0), target)), [self._letter(batch, error)]
        half = len(batch) // 2
        parts, letters = [], []
        for part in (_slice(batch, 0, half), _slice(batch, half, len(batch) - half)):
            fit, refused = self._fitting(part)
            parts.append(fit)
            letters += refused
        rows = pa.Table.from_batches([p.rows for p in parts]).combine_chunks().to_batches()
        merged = rows[0] if rows else parts[0].rows
        kinds = None
        if batch.kinds is not None:
            empty = pa.array([], pa.int8())
            kinds = pa.concat_arrays([p.kinds if p.kinds is not None else empty for p in parts])
        return Batch(merged, kinds), letters

    def _letter(self, batch: Batch, error: Exception) -> DeadLetter:
        why = str(error).splitlines()[0]
        return DeadLetter(
            table=self.options.table.name,
            stage="sink",
            code="connector.row-refused",
            message=f"{self.options.shown} cannot hold the row: {why}",
            value=row_json(pa.Table.from_batches([batch.rows]), 0),
        )

    def flush(self) -> None:
        """Write the waiting rows as files."""
        rows = self._taken()
        if rows is not None:
            self.files += self.data_files(rows)

    def changes(self) -> tuple[pa.Table, pa.Table] | None:
        """Of a keyed table: the keys that the epoch changes, and the rows that they have then."""
        kinds = [
            b.kinds
            if b.kinds is not None
            else pa.nulls(len(b), pa.int8()).fill_null(int(RowKind.INSERT))
            for b in self._batches
        ]
        rows = self._taken()
        if rows is None:
            return None
        keys = list(self.options.table.primary_key)
        last = last_per_key(rows, keys)
        deleted = pc.is_in(pa.concat_arrays(kinds).take(last), value_set=_WITHDRAWN)
        rows = rows.take(last)
        return rows.select(keys), rows.filter(pc.invert(deleted))

    def _taken(self) -> pa.Table | None:
        batches, self._batches, self._bytes = self._batches, [], 0
        return pa.Table.from_batches([b.rows for b in batches]) if batches else None

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
        self._batches, self._bytes = [], 0
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


def _slice(batch: Batch, start: int, length: int) -> Batch:
    kinds = None if batch.kinds is None else batch.kinds.slice(start, length)
    return Batch(batch.rows.slice(start, length), kinds)


def _cast(rows: pa.RecordBatch, target: pa.Schema) -> pa.RecordBatch:
    arrays = []
    for values, field in zip(rows.columns, target, strict=True):
        array = values if values.type == field.type else pc.cast(values, field.type)
        if not field.nullable and array.null_count:
            raise ValueError(f"`{field.name}` is NULL, and the column takes no NULL")
        arrays.append(array)
    return pa.RecordBatch.from_arrays(arrays, schema=target)
