"""The rows of an open epoch: brought into a table's own types, kept, and told apart by key."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.connectors.jdbc.changes import effective, last_per_key
from tidemill.errors import ConnectorError, Where
from tidemill.model import Batch, DeadLetter, RowKind, TableDescriptor
from tidemill.model.row_json import row_json

SPILL_BYTES = 64 << 20
_WITHDRAWN = pa.array([RowKind.DELETE, RowKind.UPDATE_BEFORE], pa.int8())


def taken(
    batch: Batch, table: TableDescriptor, target: pa.Schema, shown: str
) -> tuple[Batch, list[DeadLetter]]:
    """The rows that the table can hold, in its own types, and letters for the others.

    Raises ConnectorError for a change where there is no PRIMARY KEY.
    """
    if table.primary_key and batch.kinds is not None:
        # A -U whose +U is refused must not take the old row away.
        rows = pa.Table.from_batches([batch.rows])
        mask = effective(rows, table.primary_key, batch.kinds)
        batch = Batch(batch.rows.filter(mask), batch.kinds.filter(mask))
    elif batch.kinds is not None and pc.any(pc.not_equal(batch.kinds, 0)).as_py():
        raise ConnectorError(
            f"`{table.name}` takes only new rows, and a change came",
            code="connector.schema-mismatch",
            where=Where(table=table.name),
            hint="Declare a PRIMARY KEY ... NOT ENFORCED, so that rows can be updated.",
        )
    kept, refused = _fit(batch, target)
    letters = [
        DeadLetter(
            table=table.name,
            stage="sink",
            code="connector.row-refused",
            message=f"{shown} cannot hold the row: {why}",
            value=row_json(pa.Table.from_batches([row]), 0),
        )
        for row, why in refused
    ]
    return kept, letters


def _fit(batch: Batch, target: pa.Schema) -> tuple[Batch, list[tuple[pa.RecordBatch, str]]]:
    """Cast all, or find by halving which rows cannot be."""
    try:
        return Batch(_cast(batch.rows, target), batch.kinds), []
    except (pa.ArrowException, ValueError) as error:
        if len(batch) == 1:
            none = None if batch.kinds is None else batch.kinds.slice(0, 0)
            why = str(error).splitlines()[0]
            return Batch(_cast(batch.rows.slice(0, 0), target), none), [(batch.rows, why)]
    half = len(batch) // 2
    parts, refused = [], []
    for part in (_slice(batch, 0, half), _slice(batch, half, len(batch) - half)):
        kept, bad = _fit(part, target)
        parts.append(kept)
        refused += bad
    whole = pa.Table.from_batches([part.rows for part in parts], schema=target).combine_chunks()
    rows = whole.to_batches()[0] if whole.num_rows else parts[0].rows.slice(0, 0)
    kinds = None
    if batch.kinds is not None:
        kinds = pa.concat_arrays([part.kinds for part in parts if part.kinds is not None])
    return Batch(rows, kinds), refused


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


def nullable_inside(type_: pa.DataType) -> pa.DataType:
    """The Arrow type with nothing required inside it, so that any value can be cast to it."""
    if pa.types.is_struct(type_):
        return pa.struct([pa.field(f.name, nullable_inside(f.type)) for f in type_])
    if pa.types.is_map(type_):
        return pa.map_(nullable_inside(type_.key_type), nullable_inside(type_.item_type))
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        made = pa.list_ if pa.types.is_list(type_) else pa.large_list
        return made(nullable_inside(type_.value_type))
    return type_


class EpochRows:
    """Batches that wait for the epoch's end: in memory, above `SPILL_BYTES` in a temporary file.

    They can be read again and again, until they are cleared. Kinds are kept in memory.
    """

    def __init__(self) -> None:
        self._batches: list[Batch] = []
        self.bytes = 0
        self._file: Path | None = None
        self._writer: pa.RecordBatchStreamWriter | None = None

    def __bool__(self) -> bool:
        return bool(self._batches) or self._file is not None

    def add(self, batch: Batch, *, spill: bool) -> None:
        """Keep a batch; with `spill` it may go to the file (then without its kinds)."""
        if len(batch) == 0:
            return
        self._batches.append(batch)
        self.bytes += batch.bytes
        if spill and self.bytes >= SPILL_BYTES:
            self._spill()

    def _spill(self) -> None:
        if self._writer is None:
            with tempfile.NamedTemporaryFile(prefix="tidemill-epoch-", delete=False) as file:
                self._file = Path(file.name)
            self._writer = pa.ipc.new_stream(str(self._file), self._batches[0].rows.schema)
        for batch in self._batches:
            self._writer.write_batch(batch.rows)
        self._batches, self.bytes = [], 0

    def reader(self, schema: pa.Schema) -> pa.RecordBatchReader:
        """All rows, batch by batch, from the first on."""
        if self._writer is not None:
            self._spill()
            self._writer.close()
            self._writer = None
        if self._file is not None:
            return pa.ipc.open_stream(pa.memory_map(str(self._file)))
        return pa.RecordBatchReader.from_batches(schema, [batch.rows for batch in self._batches])

    def table(self) -> pa.Table | None:
        """All rows of what never was spilled; None where there are none."""
        rows = [batch.rows for batch in self._batches]
        return pa.Table.from_batches(rows) if rows else None

    def changes(self, keys: Sequence[str]) -> tuple[pa.Table, pa.BooleanArray] | None:
        """For each key its last row, and whether that takes the key away; None without rows."""
        rows = self.table()
        if rows is None:
            return None
        kinds = [
            batch.kinds
            if batch.kinds is not None
            else pa.nulls(len(batch), pa.int8()).fill_null(int(RowKind.INSERT))
            for batch in self._batches
        ]
        last = last_per_key(rows, keys)
        deleted = pc.is_in(pa.concat_arrays(kinds).take(last), value_set=_WITHDRAWN)
        return rows.take(last), deleted

    def clear(self) -> None:
        """Forget the rows."""
        self._batches, self.bytes = [], 0
        writer, self._writer = self._writer, None
        file, self._file = self._file, None
        with contextlib.suppress(OSError, pa.ArrowException):
            if writer is not None:
                writer.close()
            if file is not None:
                file.unlink()
