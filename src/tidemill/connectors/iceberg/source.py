"""The versions of an Iceberg table: its snapshots, from ancestor to ancestor of the current one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from tidemill.connectors.iceberg.catalog import OpenCatalog, translated
from tidemill.connectors.iceberg.options import parse
from tidemill.connectors.iceberg.reading import added_files, file_batches, planned_files
from tidemill.connectors.iceberg.target import found_table
from tidemill.connectors.lake.source import VersionedSource
from tidemill.connectors.lake.versions import Behind, Step
from tidemill.errors import ConnectorError, Where
from tidemill.model import TableDescriptor

if TYPE_CHECKING:
    from pyiceberg.table import FileScanTask, Table
    from pyiceberg.table.snapshots import Snapshot


def iceberg_source(table: TableDescriptor) -> VersionedSource:
    """The source of one table, bounded or going on as its options say."""
    options = parse(table)
    interval = options.values["monitor-interval"] if options.values["streaming"] else None
    return VersionedSource(table, Snapshots(table), interval)


class Snapshots:
    """A version is a snapshot's id. See `lake.versions`."""

    def __init__(self, table: TableDescriptor) -> None:
        self._descriptor = table
        self._options = parse(table)
        self._opened = OpenCatalog(self._options)
        self._found: Table | None = None
        self._tasks: dict[str, FileScanTask] = {}
        self._line: list[int] = []

    @property
    def partition(self) -> str:
        """The table, as in `iceberg lake.db.trips`."""
        return self._options.shown

    @property
    def _table(self) -> Table:
        if self._found is None:
            raise ConnectorError(f"{self.partition} is not open", code="connector.not-open")
        return self._found

    def open(self) -> None:
        """Connect; the table must be there, with the declared columns."""
        self._opened.open()
        self._found = found_table(self._opened)

    def start(self) -> Step | Behind:
        """The snapshot that a bounded source reads, or the first of a streaming one."""
        values = self._options.values
        current = self._table.current_snapshot()
        if not values["streaming"]:
            snapshot = self._of_time() or current
            return Step(snapshot.snapshot_id, True) if snapshot else Behind(None)
        if current is None:
            return Behind(None)
        strategy = values["starting-strategy"]
        if strategy == "TABLE_SCAN_THEN_INCREMENTAL":
            return Step(current.snapshot_id, True)
        if strategy == "INCREMENTAL_FROM_LATEST_SNAPSHOT":
            return Step(current.snapshot_id, False)
        line = self._ancestors(current)
        if strategy == "INCREMENTAL_FROM_EARLIEST_SNAPSHOT":
            return Step(line[-1].snapshot_id, False)
        if strategy == "INCREMENTAL_FROM_SNAPSHOT_ID":
            wanted = values["start-snapshot-id"]
            if all(snapshot.snapshot_id != wanted for snapshot in line):
                raise self._gone(wanted)
            return Step(wanted, False)
        since = values["start-snapshot-timestamp"]
        later = [s.snapshot_id for s in line if s.timestamp_ms >= since]
        return Step(later[-1], False) if later else self.behind(current.snapshot_id)

    def _of_time(self) -> Snapshot | None:
        """The snapshot that `snapshot-id` or `as-of-timestamp` names."""
        given = self._options.values
        number, at = given["snapshot-id"], given["as-of-timestamp"]
        if number is not None:
            snapshot = self._table.snapshot_by_id(number)
            if snapshot is None:
                raise self._gone(number)
            return snapshot
        if at is None:
            return None
        snapshot = self._table.snapshot_as_of_timestamp(at)
        if snapshot is None:
            raise self._gone(at, f"{self.partition} has no snapshot that is as old as {at} ms")
        return snapshot

    def _ancestors(self, snapshot: Snapshot) -> list[Snapshot]:
        """A snapshot and those before it, as far back as they are kept."""
        line = [snapshot]
        while line[-1].parent_snapshot_id is not None:
            parent = self._table.snapshot_by_id(line[-1].parent_snapshot_id)
            if parent is None:
                break
            line.append(parent)
        return line

    def behind(self, version: int) -> Behind:
        """The place after a snapshot, with its sequence number."""
        snapshot = self._table.snapshot_by_id(version)
        number = snapshot.sequence_number if snapshot is not None else None
        return Behind(version, number or None)

    def next(self, behind: Behind) -> int | None:
        """The snapshot whose parent is `behind`, on the line to the current one."""
        if behind.version in self._line and behind.version != self._line[-1]:
            return self._line[self._line.index(behind.version) + 1]
        with translated(self._options):
            self._table.refresh()
        current = self._table.current_snapshot()
        if current is None:
            if behind.version is None:
                return None
            raise self._gone(behind.version)
        if current.snapshot_id == behind.version:
            return None
        line = self._ancestors(current)
        ids: list[int] = [snapshot.snapshot_id for snapshot in reversed(line)]
        if behind.version in ids:
            self._line = ids[ids.index(behind.version) :]
            return self._line[1]
        if not self._follows(line[-1], behind):
            raise self._gone(behind.version)
        self._line = ids
        return ids[0]

    def _follows(self, oldest: Snapshot, behind: Behind) -> bool:
        """Whether nothing was between a version that is gone and the oldest that is there."""
        if oldest.parent_snapshot_id is not None:
            return bool(oldest.parent_snapshot_id == behind.version)
        if behind.version is None:
            return oldest.sequence_number in (None, 0, 1)
        # Some writers cut the tie to a parent that they expire; sequence numbers stay.
        return behind.order is not None and oldest.sequence_number == behind.order + 1

    def files(self, step: Step) -> Sequence[str]:
        """The files of a snapshot, or those that it added."""
        snapshot = self._table.snapshot_by_id(step.version)
        if snapshot is None:
            raise self._gone(step.version)
        with translated(self._options):
            if step.whole:
                tasks = planned_files(self._table, snapshot)
            else:
                operation = snapshot.summary.operation.value if snapshot.summary else "append"
                if operation not in ("append", "replace"):
                    raise self._changed(step.version, operation)
                tasks = added_files(self._table, snapshot) if operation == "append" else []
        self._tasks = {task.file.file_path: task for task in tasks}
        return list(self._tasks)

    def read(self, step: Step, file: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows of one file, in the table's current schema."""
        try:
            with translated(self._options):
                yield from file_batches(self._table, self._tasks[file], columns)
        except ConnectorError as error:
            if not isinstance(error.__cause__, pa.ArrowException | FileNotFoundError):
                raise
            raise ConnectorError(
                f"the file `{file}` of {self.partition} cannot be read: {error.__cause__}",
                code="connector.bad-file",
                where=Where(table=self._descriptor.name, file=file),
                hint="Was it cut, replaced or deleted by something else than the table's writers?",
            ) from error.__cause__

    def _gone(self, version: int | None, message: str | None = None) -> ConnectorError:
        return ConnectorError(
            message or f"{self.partition} has no snapshot {version or 'at its beginning'} any more",
            code="connector.version-gone",
            where=Where(table=self._descriptor.name, server=self.partition),
            detail="It was expired, or the table was set back or made anew; which rows came "
            "behind it cannot be told.",
            hint="Start the pipeline anew, with 'starting-strategy' = "
            "'TABLE_SCAN_THEN_INCREMENTAL'; keep snapshots longer than a pipeline may stand still.",
        )

    def _changed(self, version: int, operation: str) -> ConnectorError:
        return ConnectorError(
            f"snapshot {version} of {self.partition} changed or removed rows ({operation}), and a "
            "streaming source gives new rows only",
            code="connector.rows-changed",
            where=Where(table=self._descriptor.name, server=self.partition),
            hint="Read the table bounded ('streaming' = 'false'), or start the pipeline anew "
            "behind that snapshot, with 'starting-strategy' = 'TABLE_SCAN_THEN_INCREMENTAL'.",
        )

    def close(self) -> None:
        """Give the catalog back."""
        self._found = None
        self._opened.close()
