"""The source of `filesystem` over an object store.

All objects together are one partition, so that an object that is read to its end does not hold the
watermark back. Its position is the set of objects that are done, and the place in the one that is
being read. Every request asks for the version that the reading began with.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

import pyarrow as pa

from tidemill.connectors.filesystem.file_reader import DONE, FileReader, LineFile, ParquetFile
from tidemill.connectors.filesystem.files import stored_file
from tidemill.connectors.filesystem.monitor import Monitor
from tidemill.connectors.filesystem.options import parse
from tidemill.connectors.filesystem.parquet_read import UnfitFileError
from tidemill.connectors.filesystem.seen import SHARDS, SeenKeys
from tidemill.connectors.filesystem.store_files import find_objects
from tidemill.errors import ConnectorError, StoreError, Where
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.source import PartitionBatch
from tidemill.model import DeadLetter, Position, TableDescriptor
from tidemill.stores import ObjectInfo, ObjectStore, open_store

_GONE = ("store.changed", "store.missing")


class StoreSource:
    """Reads each object once: bounded by key, watching by time of change and key.

    An object that is overwritten or deleted before its first row was taken is read in its new
    version, or left out. Later, its rest is set aside as a dead letter where the source watches; a
    bounded source fails, for its result would not be whole.
    """

    def __init__(self, table: TableDescriptor, job: JobContext) -> None:
        self._table = table
        self._options = parse(table, job)
        assert self._options.url is not None
        self._partition = str(self._options.url)
        self._monitor = Monitor(self._options.values["source.monitor-interval"])
        self._store: ObjectStore | None = None
        self._seen = SeenKeys()
        self._queue: list[ObjectInfo] = []
        self._reading: tuple[ObjectInfo, FileReader, Position] | None = None
        self._resume: dict[str, Any] | None = None

    def open(self, start: Mapping[str, Position]) -> None:
        """List the objects; what was half read comes first."""
        self._store = open_store(self._partition, self._table.options)
        self._restore(start.get(self._partition))
        self._find_new()
        if not self._queue and not self._seen and not self._monitor.goes_on:
            raise ConnectorError(
                f"there is no object under `{self._partition}`",
                code="connector.path-missing",
                where=Where(table=self._table.name, file=self._partition),
                hint="Mend the option 'path': `tidemill lake ls` shows what is there.",
            )

    def _restore(self, position: Position) -> None:
        if position is None:
            return
        seen = position.get("seen") if isinstance(position, dict) else None
        if not isinstance(position, dict) or not isinstance(seen, list) or len(seen) != SHARDS:
            raise ConnectorError(
                f"`{str(position)[:80]}` is no position of objects",
                code="connector.bad-position",
                where=Where(table=self._table.name, file=self._partition),
                hint="The option 'path' has changed since; start the pipeline anew.",
            )
        self._seen = SeenKeys([str(text) for text in seen])
        reading = position.get("reading")
        self._resume = reading if isinstance(reading, dict) else None

    def _find_new(self) -> None:
        assert self._store is not None
        self._monitor.lists()
        found = list(find_objects(self._store, self._options))
        self._seen.prune(info.key for info in found)
        begun = self._reading[0].key if self._reading else None
        self._queue = [i for i in found if i.key not in self._seen and i.key != begun]
        if self._monitor.goes_on:
            self._queue.sort(key=lambda info: (info.modified, info.key))
        if self._resume is not None:
            self._queue.sort(key=lambda info: info.key != self._resume["key"])  # type: ignore[index]

    def partitions(self) -> Sequence[str]:
        """The one partition."""
        return [self._partition]

    def read(self, rows_max: int, timeout_ms: int) -> Sequence[PartitionBatch]:
        """The next rows of the next objects."""
        batches: list[PartitionBatch] = []
        wanted = max(1, rows_max)
        deadline_s = time.monotonic() + timeout_ms / 1000
        while wanted > 0:
            if self._reading is None and not self._next_object(bool(batches), deadline_s, batches):
                break
            if self._reading is None:
                continue
            batch = self._read_object(wanted)
            if batch is not None:
                batches.append(batch)
                wanted -= batch.records
        return batches

    def _next_object(
        self, has_some: bool, deadline_s: float, batches: list[PartitionBatch]
    ) -> bool:
        """Begin with the next object; False where there is none now."""
        if self._resume is not None:
            lost = self._lost_object()
            if lost is not None:
                batches.append(lost)
                return True
        if not self._queue and (has_some or not self._await_objects(deadline_s)):
            return False
        info, position = self._queue.pop(0), None
        if self._resume is not None:
            position, self._resume = self._resume["at"], None
        self._reading = (info, _Unopened(), position)
        return True

    def _lost_object(self) -> PartitionBatch | None:
        """What to say where the object that was half read is another one now, or gone."""
        resume = self._resume
        assert resume is not None
        first = self._queue[0] if self._queue else None
        if first is not None and (first.key, first.etag) == (resume["key"], resume["etag"]):
            return None
        self._resume = None
        if first is not None and first.key == resume["key"]:
            self._queue.pop(0)
        return self._changed(str(resume["key"]))

    def _await_objects(self, deadline_s: float) -> bool:
        """List again when it is time to; whether there is something new."""
        if not self._monitor.is_due(deadline_s):
            return False
        self._find_new()
        return bool(self._queue)

    def _read_object(self, rows_max: int) -> PartitionBatch | None:
        assert self._reading is not None
        info, reader, position = self._reading
        try:
            if isinstance(reader, _Unopened):
                reader = self._open_object(info, position)
            batch = reader.read(rows_max)
        except StoreError as error:
            if error.code not in _GONE:
                raise
            if position is not None:
                return self._changed(info.key)
            self._look_again(info)
            return None
        except EOFError:
            return self._changed(info.key)
        except (pa.ArrowException, ValueError) as error:
            return self._damaged(info, error)
        if batch.position == DONE:
            self._end(info.key)
        else:
            self._reading = (info, reader, batch.position)
        return replace(batch, partition=self._partition, position=self._position())

    def _open_object(self, info: ObjectInfo, position: Position) -> FileReader:
        assert self._store is not None and self._reading is not None
        kind = ParquetFile if self._options.is_parquet else LineFile
        reader = kind(self._table, self._options, stored_file(self._store, info), position)
        self._reading = (info, reader, position)
        return reader

    def _look_again(self, info: ObjectInfo) -> None:
        """Nothing was taken of an object that has changed: read what is there now."""
        assert self._store is not None
        self._close_reader()
        try:
            self._queue.insert(0, self._store.head(info.key))
        except StoreError as error:
            if error.code != "store.missing":
                raise

    def _end(self, key: str) -> None:
        self._close_reader()
        self._seen.add(key)

    def _position(self) -> Position:
        reading: Position = None
        if self._reading is not None:
            info, _, at = self._reading
            reading = {"key": info.key, "etag": info.etag, "at": at}
        return {"seen": list[Position](self._seen.texts()), "reading": reading}

    def _changed(self, key: str) -> PartitionBatch:
        """The rest of an object is lost, since it is another one now."""
        address = f"{self._store.url}/{key}" if self._store else key
        message = f"the object `{address}` was overwritten or deleted while it was read"
        if not self._monitor.goes_on:
            raise ConnectorError(
                message,
                code="connector.file-changed",
                where=Where(table=self._table.name, file=address),
                hint="Write new objects under new keys, and start the pipeline anew.",
            )
        return self._set_aside(key, address, "connector.file-changed", message)

    def _damaged(self, info: ObjectInfo, error: Exception) -> PartitionBatch:
        """The object cannot be read, or not any further."""
        address = f"{self._store.url}/{info.key}" if self._store else info.key
        unfit = isinstance(error, UnfitFileError)
        code = "connector.schema-mismatch" if unfit else "connector.bad-file"
        what = "does not fit the table" if unfit else "cannot be read"
        message = f"the object `{address}` {what}: {str(error).splitlines()[0]}"
        assert self._options.url is not None
        if info.key == self._options.url.key:
            self._refuse(message, code, address, error)
        return self._set_aside(info.key, address, code, message)

    def _refuse(self, message: str, code: str, address: str, error: Exception) -> NoReturn:
        raise ConnectorError(
            message,
            code=code,
            where=Where(table=self._table.name, file=address),
            hint="Is the object whole, with the declared columns, in the option's 'format'?",
        ) from error

    def _set_aside(self, key: str, address: str, code: str, message: str) -> PartitionBatch:
        self._end(key)
        letter = DeadLetter(
            table=self._table.name, stage="parse", code=code, message=message, partition=address,
            value=address.encode("utf-8", "surrogateescape"),
        )  # fmt: skip
        arrow = self._table.schema.arrow()
        rows = pa.RecordBatch.from_arrays([pa.nulls(0, f.type) for f in arrow], schema=arrow)
        return PartitionBatch(
            self._partition, rows, None, self._position(), 1, dead_letters=(letter,)
        )

    def finished(self) -> bool:
        """Whether all objects have been read, where no new ones are looked for."""
        return not self._monitor.goes_on and not self._waiting

    def caught_up(self) -> bool:
        """Whether all objects that are there now have been read."""
        self._find_new()
        return not self._waiting

    @property
    def _waiting(self) -> bool:
        return bool(self._queue or self._reading or self._resume)

    def _close_reader(self) -> None:
        reading, self._reading = self._reading, None
        if reading is not None:
            reading[1].close()

    def close(self) -> None:
        """Close the object that is being read, and the store."""
        self._close_reader()
        if self._store is not None:
            self._store.close()


class _Unopened:
    """Stands for a reader that is made at the first read, where its errors are dealt with."""

    def read(self, rows_max: int) -> PartitionBatch:
        raise AssertionError("not open")

    def close(self) -> None:
        """Nothing is open."""
