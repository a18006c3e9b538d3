"""Files being written: lines of a format, or Parquet."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import pyarrow as pa
from pyarrow import parquet

from tidemill.connectors.filesystem.options import FileOptions
from tidemill.interfaces.format import Encoder
from tidemill.model import Batch, Schema

_GROUP_BYTES = 32 << 20


class Part(Protocol):
    """One file that is being written."""

    path: Path
    bytes: int

    def write(self, batch: Batch) -> None:
        """Append rows."""
        ...

    def finish(self) -> None:
        """Write the rest and make the file durable."""
        ...

    def discard(self) -> None:
        """Close and remove the file."""
        ...


class LinePart:
    """A file of one message per line."""

    def __init__(self, path: Path, encoder: Encoder) -> None:
        self.path = path
        self.bytes = 0
        self._encoder = encoder
        self._file = path.open("wb")

    def write(self, batch: Batch) -> None:
        """Append one line per row; a tombstone has none."""
        messages = [m for m in self._encoder.encode(batch).to_pylist() if m is not None]
        if messages:
            messages.append(b"")
            self.bytes += self._file.write(b"\n".join(messages))

    def finish(self) -> None:
        """Make the file durable."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def discard(self) -> None:
        """Close and remove the file."""
        self._file.close()
        self.path.unlink(missing_ok=True)


class ParquetPart:
    """A Parquet file; row groups are made of whole batches of about 32 MiB and more."""

    def __init__(self, path: Path, schema: Schema, compression: str) -> None:
        self.path = path
        self.bytes = 0
        self._schema = schema.arrow()
        self._rows: list[pa.RecordBatch] = []
        self._rows_bytes = 0
        codec = "NONE" if compression == "UNCOMPRESSED" else compression
        self._writer = parquet.ParquetWriter(path, self._schema, compression=codec)

    def write(self, batch: Batch) -> None:
        """Append rows."""
        rows = pa.RecordBatch.from_arrays(batch.rows.columns, schema=self._schema)
        self._rows.append(rows)
        self._rows_bytes += rows.nbytes
        self.bytes += rows.nbytes
        if self._rows_bytes >= _GROUP_BYTES:
            self._write_group()

    def _write_group(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_batches(self._rows, self._schema))
        self._rows, self._rows_bytes = [], 0

    def finish(self) -> None:
        """Write the footer and make the file durable."""
        self._write_group()
        self._writer.close()
        sync_file(self.path)

    def discard(self) -> None:
        """Close and remove the file."""
        self._rows = []
        self._writer.close()
        self.path.unlink(missing_ok=True)


def new_part(path: Path, schema: Schema, options: FileOptions) -> Part:
    """A part in the table's format."""
    if options.is_parquet:
        return ParquetPart(path, schema, options.format_options["compression"])
    assert options.format.encoder is not None
    return LinePart(path, options.format.encoder(schema, options.format_options))


def merge(sources: Sequence[Path], target: Path, options: FileOptions) -> bool:
    """Write the rows of finished parts into one; False where their columns differ."""
    if target.suffix != ".parquet":
        with target.open("wb") as out:
            for source in sources:
                with source.open("rb") as part:
                    shutil.copyfileobj(part, out, 1 << 20)
        sync_file(target)
        return True
    schema = parquet.read_schema(sources[0])
    if any(not parquet.read_schema(source).equals(schema) for source in sources[1:]):
        return False
    compression = options.format_options["compression"] or "SNAPPY"
    codec = "NONE" if compression == "UNCOMPRESSED" else compression
    with parquet.ParquetWriter(target, schema, compression=codec) as writer:
        writer.write_table(pa.concat_tables([parquet.ParquetFile(s).read() for s in sources]))
    sync_file(target)
    return True


def sync_file(path: Path) -> None:
    """Make a file's content durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
