"""The source of `filesystem`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from tidemill.connectors.filesystem.file_reader import DONE, FileReader, LineFile, ParquetFile
from tidemill.connectors.filesystem.files import local_file
from tidemill.connectors.filesystem.monitor import Monitor
from tidemill.connectors.filesystem.options import parse
from tidemill.connectors.filesystem.parquet_read import UnfitFileError
from tidemill.connectors.filesystem.paths import file_errors, find_files
from tidemill.errors import ConnectorError, Where
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.source import PartitionBatch
from tidemill.model import DeadLetter, Position, TableDescriptor


class FilesystemSource:
    """Reads each file once, one after the other, in the order of their paths.

    A partition is a file's path. Its position is inside the file, or `{"done": true}`.
    """

    def __init__(self, table: TableDescriptor, job: JobContext) -> None:
        self._table = table
        self._options = parse(table, job)
        self._monitor = Monitor(self._options.values["source.monitor-interval"])
        self._positions: dict[str, Position] = {}
        self._queue: list[Path] = []
        self._reader: FileReader | None = None

    def open(self, start: Mapping[str, Position]) -> None:
        """List the files; those that are read already stay so."""
        self._positions = dict(start)
        path = self._options.path
        found = self._list()
        if not found and not self._monitor.goes_on and not path.exists() and "*" not in str(path):
            raise ConnectorError(
                f"there is no file or folder `{path}`",
                code="connector.path-missing",
                where=Where(table=self._table.name, file=str(path)),
                hint="Mend the option 'path'; a relative path begins at the working folder.",
            )
        there = {str(f) for f in found}
        for name, position in start.items():
            if position != DONE and name not in there:
                raise self._changed(Path(name), "it is gone before it was read to its end")
        self._queue = [f for f in found if self._positions.get(str(f)) != DONE]

    def _list(self) -> list[Path]:
        self._monitor.lists()
        with file_errors(self._options.path, self._table.name):
            found = find_files(self._options.path, self._options.pattern)
        for file in found:
            self._positions.setdefault(str(file), None)
        return found

    def _changed(self, path: Path, why: str) -> ConnectorError:
        return ConnectorError(
            f"the file `{path}` has changed since it was read: {why}",
            code="connector.file-changed",
            where=Where(table=self._table.name, file=str(path)),
            hint="Put the file back as it was, or start the pipeline anew.",
        )

    def partitions(self) -> Sequence[str]:
        """The paths of the files known now."""
        return list(self._positions)

    def read(self, rows_max: int, timeout_ms: int) -> Sequence[PartitionBatch]:
        """The next rows of the next files."""
        batches: list[PartitionBatch] = []
        wanted = max(1, rows_max)
        deadline_s = time.monotonic() + timeout_ms / 1000
        while wanted > 0:
            if not self._queue and not (batches or self._await_files(deadline_s)):
                break
            if not self._queue:
                break
            batch = self._read_file(self._queue[0], wanted)
            self._positions[batch.partition] = batch.position
            if batch.position == DONE:
                self._close_reader()
                self._queue.pop(0)
            if batch.records or batch.position == DONE:
                batches.append(batch)
            wanted -= batch.records
        return batches

    def _await_files(self, deadline_s: float) -> bool:
        """Look for new files when it is time to; whether there are some."""
        if not self._monitor.is_due(deadline_s):
            return False
        self._find_new()
        return bool(self._queue)

    def _find_new(self) -> None:
        queued = set(self._queue)
        for file in self._list():
            if file not in queued and self._positions[str(file)] != DONE:
                self._queue.append(file)

    def _read_file(self, path: Path, rows_max: int) -> PartitionBatch:
        position = self._positions[str(path)]
        try:
            if self._reader is None:
                kind = ParquetFile if self._options.is_parquet else LineFile
                self._reader = kind(self._table, self._options, local_file(path), position)
            return self._reader.read(rows_max)
        except EOFError as error:
            raise self._changed(path, str(error)) from error
        except OSError as error:
            if not isinstance(error, pa.ArrowException) and error.errno is not None:
                with file_errors(path, self._table.name):
                    raise
            return self._damaged(path, error)
        except (pa.ArrowException, ValueError) as error:
            return self._damaged(path, error)

    def _damaged(self, path: Path, error: Exception) -> PartitionBatch:
        """Set the whole rest of a file aside; a table of that one file fails instead."""
        unfit = isinstance(error, UnfitFileError)
        code = "connector.schema-mismatch" if unfit else "connector.bad-file"
        what = "does not fit the table" if unfit else "cannot be read"
        message = f"the file `{path}` {what}: {str(error).splitlines()[0]}"
        if path == self._options.path:
            raise ConnectorError(
                message,
                code=code,
                where=Where(table=self._table.name, file=str(path)),
                hint="Declare the columns as they stand in the file."
                if unfit
                else "Is the file whole, and of the format in the option 'format'?",
            ) from error
        letter = DeadLetter(
            table=self._table.name,
            stage="parse",
            code=code,
            message=message,
            partition=str(path),
            value=str(path).encode("utf-8", "surrogateescape"),
        )
        arrow = self._table.schema.arrow()
        rows = pa.RecordBatch.from_arrays([pa.nulls(0, f.type) for f in arrow], schema=arrow)
        return PartitionBatch(str(path), rows, None, DONE, 1, dead_letters=(letter,))

    def finished(self) -> bool:
        """Whether all files have been read, where no new ones are looked for."""
        return not self._monitor.goes_on and not self._queue

    def caught_up(self) -> bool:
        """Whether all files that are there now have been read."""
        self._find_new()
        return not self._queue

    def _close_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def close(self) -> None:
        """Close the file that is being read."""
        self._close_reader()
