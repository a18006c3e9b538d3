"""The writer of one table of a filesystem sink."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from tidemill.connectors.filesystem.options import FileOptions
from tidemill.connectors.filesystem.parts import Part, new_part
from tidemill.connectors.filesystem.paths import escape, file_errors
from tidemill.connectors.filesystem.state import Staged
from tidemill.model import Batch, DeadLetter, TableDescriptor


class FilesystemWriter:
    """Writes rows into hidden files, one per partition folder and rolling size."""

    def __init__(
        self, table: TableDescriptor, options: FileOptions, new_path: Callable[[str], Path]
    ) -> None:
        self.table = table
        self.options = options
        self._new_path = new_path
        self._schema = options.encoded_schema(table)
        names = table.schema.names
        self._kept = [names.index(name) for name in self._schema.names]
        self._keys = [names.index(key) for key in table.partition_keys]
        self._open: dict[str, Part] = {}
        self._finished: list[tuple[str, Part]] = []

    @property
    def extension(self) -> str:
        """The ending of the table's files."""
        return {"debezium-json": "json", "raw": "txt"}.get(
            self.options.format.name, self.options.format.name
        )

    def write(self, batch: Batch) -> list[DeadLetter]:
        """Take the rows; the disk is the back-pressure."""
        with file_errors(self.options.path, self.table.name):
            for folder, part_batch in self._by_folder(batch):
                self._write_part(folder, part_batch)
        return []

    def _by_folder(self, batch: Batch) -> list[tuple[str, Batch]]:
        columns = [batch.rows.column(i) for i in self._kept]
        rows = pa.RecordBatch.from_arrays(columns, names=list(self._schema.names))
        if not self._keys:
            return [("", Batch(rows, batch.kinds))] if len(batch) else []
        texts = [_texts(batch.rows.column(i)) for i in self._keys]
        indices: dict[tuple[str | None, ...], list[int]] = {}
        for index, values in enumerate(zip(*texts, strict=True)):
            indices.setdefault(values, []).append(index)
        split = []
        for values, numbers in indices.items():
            chosen = pa.array(numbers, pa.int64())
            kinds = None if batch.kinds is None else batch.kinds.take(chosen)
            split.append((self._folder(values), Batch(rows.take(chosen), kinds)))
        return split

    def _folder(self, values: tuple[str | None, ...]) -> str:
        default = self.options.values["partition.default-name"]
        pairs = zip(self.table.partition_keys, values, strict=True)
        return "/".join(
            f"{escape(key)}={escape(value) if value else default}" for key, value in pairs
        )

    def _write_part(self, folder: str, batch: Batch) -> None:
        part = self._open.get(folder)
        if part is None:
            part = new_part(self._new_path(self.extension), self._schema, self.options)
            self._open[folder] = part
        part.write(batch)
        if part.bytes >= self.options.values["sink.rolling-policy.file-size"]:
            self._finish(folder)

    def _finish(self, folder: str) -> None:
        part = self._open.pop(folder)
        part.finish()
        self._finished.append((folder, part))

    def finish(self) -> list[Staged]:
        """Make the epoch's files durable; what is staged so far in this epoch."""
        for folder in list(self._open):
            self._finish(folder)
        now_s = time.time()
        return [
            Staged(part.path.name, folder, self.extension, part.path.stat().st_size, now_s)
            for folder, part in self._finished
        ]

    def forget(self) -> None:
        """The staged files belong to a decision now."""
        self._finished = []

    def discard(self) -> None:
        """Remove what the open epoch has written."""
        for part in [*self._open.values(), *(part for _, part in self._finished)]:
            part.discard()
        self._open, self._finished = {}, []


def _texts(column: pa.Array) -> list[str | None]:
    """Partition values as they stand in folder names."""
    if pa.types.is_boolean(column.type):
        return [None if v is None else str(v).lower() for v in column.to_pylist()]
    return column.cast(pa.string()).to_pylist()  # type: ignore[no-any-return]
