"""One file being read: lines through a format's decoder, or Parquet; as partition batches."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.connectors.filesystem.files import FoundFile
from tidemill.connectors.filesystem.lines import LineReader
from tidemill.connectors.filesystem.options import FileOptions
from tidemill.connectors.filesystem.parquet_read import ParquetReader, convert
from tidemill.connectors.filesystem.paths import partition_values
from tidemill.errors import ConnectorError, Where
from tidemill.interfaces.format import Decoded, Decoder
from tidemill.interfaces.source import PartitionBatch, RowOrigin
from tidemill.model import (
    Column,
    ColumnKind,
    DeadLetter,
    Position,
    TableDescriptor,
    TypeRoot,
)
from tidemill.model.row_json import row_json
from tidemill.model.types import BIGINT, DataType, string, timestamp_ltz

DONE: Position = {"done": True}

METADATA: dict[str, DataType] = {
    "file.path": string(False),
    "file.name": string(False),
    "file.size": BIGINT.with_nullable(False),
    "file.modification-time": timestamp_ltz(3, False),
}
"""The metadata columns that a file offers."""


class FileReader(Protocol):
    """Reads one file from a position on."""

    def read(self, rows_max: int) -> PartitionBatch:
        """The next rows; the position is `DONE` with the last ones."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


class Constants:
    """The columns of a file that are the same in all its rows: partition keys and metadata."""

    def __init__(self, table: TableDescriptor, options: FileOptions, file: FoundFile) -> None:
        modified = datetime.datetime.fromtimestamp(file.modified_ms / 1000, datetime.UTC)
        self.modified_ms = file.modified_ms
        self.size = file.size
        path = Path(file.name)
        facts: dict[str, Any] = {
            "file.path": file.name, "file.name": path.name, "file.size": file.size,
            "file.modification-time": modified,
        }  # fmt: skip
        default = options.values["partition.default-name"]
        found = partition_values(path, dict.fromkeys(table.partition_keys, default))
        self._columns = table.schema.columns
        self._arrow = table.schema.arrow()
        self._scalars: dict[str, pa.Scalar] = {}
        for column in self._columns:
            if column.kind is ColumnKind.METADATA:
                value = facts[column.metadata_key or column.name]
                self._scalars[column.name] = pa.scalar(value, column.type.arrow())
            elif column.name in table.partition_keys:
                self._scalars[column.name] = _partition_scalar(column, found)

    def complete(self, rows: pa.RecordBatch, names: Sequence[str]) -> pa.RecordBatch:
        """The rows with all columns of the table; those of `names` are in `rows`."""
        arrays, fields = [], []
        for field in self._arrow:
            if field.name in self._scalars:
                arrays.append(pa.repeat(self._scalars[field.name], rows.num_rows))
            elif field.name in names:
                arrays.append(rows.column(field.name))
            else:
                arrays.append(pa.nulls(rows.num_rows, field.type))
                field = field.with_nullable(True)
            fields.append(field)
        return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def _partition_scalar(column: Column, found: dict[str, str | None]) -> pa.Scalar:
    arrow = column.type.arrow()
    if column.name not in found:
        raise ValueError(f"no folder of the path is named `{column.name}=...`")
    text = found[column.name]
    if text is None:
        return pa.scalar(None, arrow)
    try:
        if column.type.root is TypeRoot.BOOLEAN:
            return pa.scalar({"true": True, "false": False}[text.lower()], arrow)
        return pc.cast(pa.scalar(text), arrow)
    except (pa.ArrowException, KeyError):
        message = f"the folder `{column.name}={text}` is no {column.type.sql()}"
        raise ValueError(message) from None


def _start(table: TableDescriptor, path: str, position: Position, *parts: str) -> list[int]:
    """The numbers that a position is made of; None is the file's beginning."""
    if position is None:
        return [0] * len(parts)
    numbers = [position.get(part) for part in parts] if isinstance(position, dict) else []
    found = [n for n in numbers if isinstance(n, int) and n >= 0]
    if len(found) == len(parts):
        return found
    raise ConnectorError(
        f"`{position}` is no position of the file `{path}`",
        code="connector.bad-position",
        where=Where(table=table.name, file=str(path)),
        hint="The option 'format' has changed since; start the pipeline anew.",
    )


class LineFile:
    """A file of one message per line; its position is `{"offset": byte}`."""

    def __init__(
        self, table: TableDescriptor, options: FileOptions, file: FoundFile, position: Position
    ) -> None:
        self._table, self._path = table, file.name
        self._names = options.encoded_schema(table).names
        self._constants = Constants(table, options, file)
        (offset,) = _start(table, file.name, position, "offset")
        if offset > self._constants.size:
            raise EOFError(f"it ends before byte {offset}, where reading should go on")
        factory = options.format
        assert factory.decoder is not None
        schema = options.encoded_schema(table)
        self._decoder: Decoder = factory.decoder(
            schema, options.format_options, table.columns_needed
        )
        self._reader = LineReader(file.open(), offset, _quote(options))

    def read(self, rows_max: int) -> PartitionBatch:
        """The next lines, decoded; empty ones are skipped."""
        lines = self._reader.read(rows_max)
        full = [(offset, line) for offset, line in lines if line]
        decoded = self._decoder.decode([line for _, line in full])
        letters = tuple(
            DeadLetter(
                table=self._table.name,
                stage="parse",
                code=reject.code,
                message=reject.message,
                partition=self._path,
                position=str(full[reject.index][0]),
                timestamp_ms=self._constants.modified_ms,
                value=full[reject.index][1],
            )
            for reject in decoded.rejects
        )
        ended = self._reader.ended or len(lines) < rows_max
        return PartitionBatch(
            self._path,
            self._constants.complete(decoded.rows, self._names),
            decoded.kinds,
            DONE if ended else {"offset": self._reader.offset},
            len(lines),
            skipped=decoded.skipped + len(lines) - len(full),
            dead_letters=letters,
            ingested_at_ms=self._constants.modified_ms,
            origin_of=lambda row: self._origin(decoded, full, row),
        )

    def _origin(self, decoded: Decoded, lines: list[tuple[int, bytes]], row: int) -> RowOrigin:
        index = row if decoded.origin is None else decoded.origin[row].as_py()
        offset, line = lines[index]
        modified_ms = self._constants.modified_ms
        return RowOrigin(self._path, str(offset), timestamp_ms=modified_ms, value=line)

    def close(self) -> None:
        """Close the file."""
        self._reader.close()


def _quote(options: FileOptions) -> bytes | None:
    if options.format.name != "csv" or options.format_options["disable-quote-character"]:
        return None
    return (options.format_options["quote-character"] or '"').encode()


class ParquetFile:
    """A Parquet file; its position is `{"row_group": n, "row": row in it}`."""

    def __init__(
        self, table: TableDescriptor, options: FileOptions, file: FoundFile, position: Position
    ) -> None:
        self._table, self._path = table, file.name
        self._constants = Constants(table, options, file)
        needed = table.columns_needed
        self._schema = options.encoded_schema(table)
        self._read_schema = type(self._schema)(
            tuple(c for c in self._schema.columns if needed is None or c.name in needed)
        )
        group, row = _start(table, file.name, position, "row_group", "row")
        self._reader = ParquetReader(
            file.path or file.open(), group, row, self._schema, self._read_schema.names
        )
        if self._reader.is_beyond:
            self._reader.close()
            raise EOFError(f"it has no row {row} in row group {group}, where reading should go on")

    def read(self, rows_max: int) -> PartitionBatch:
        """The next rows, in the declared types."""
        group, row = self._reader.row_group, self._reader.row
        batch = self._reader.read(rows_max)
        if batch is None:
            return self._batch(None, [], (), 0)
        rows, bad = convert(batch, self._read_schema)
        letters = tuple(
            DeadLetter(
                table=self._table.name,
                stage="type",
                code="connector.value-unreadable",
                message=f"a value does not fit its column: {message}",
                partition=self._path,
                position=f"row group {group}, row {row + index}",
                timestamp_ms=self._constants.modified_ms,
                value=row_json(batch, index),
            )
            for index, message in bad
        )
        return self._batch(batch, rows, letters, batch.num_rows)

    def _batch(
        self,
        batch: pa.RecordBatch | None,
        rows: list[pa.RecordBatch],
        letters: tuple[DeadLetter, ...],
        records: int,
    ) -> PartitionBatch:
        arrow = self._read_schema.arrow()
        tables = pa.Table.from_batches(rows) if rows else arrow.empty_table()
        count = records - len(letters)
        if self._read_schema.columns:
            (whole,) = tables.combine_chunks().to_batches() or [_empty(arrow)]
        else:
            whole = pa.RecordBatch.from_arrays([pa.nulls(count)], names=[""])
        at: Position = {"row_group": self._reader.row_group, "row": self._reader.row}
        return PartitionBatch(
            self._path,
            self._constants.complete(whole, self._read_schema.names),
            None,
            DONE if self._reader.ended else at,
            records,
            dead_letters=letters,
            ingested_at_ms=self._constants.modified_ms,
            lag=self._reader.rows_left() if not self._reader.ended else 0,
        )

    def close(self) -> None:
        """Close the file."""
        self._reader.close()


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    arrays = [pa.nulls(0, field.type) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, names=schema.names)
