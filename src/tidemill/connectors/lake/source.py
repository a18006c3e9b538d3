"""The source over a table of versions: bounded, or each row of each new version once.

One partition; its position is `{"version", "whole", "file", "row"}`: the place in the step that is
being read, or `{"version", "order", "done": true}` behind the last row of a version.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from tidemill.connectors.filesystem.monitor import Monitor
from tidemill.connectors.filesystem.parquet_read import convert
from tidemill.connectors.lake.versions import Behind, Step, Versions
from tidemill.errors import ConnectorError, Where
from tidemill.interfaces.source import PartitionBatch
from tidemill.model import DeadLetter, Position, Schema, TableDescriptor
from tidemill.model.row_json import row_json


class VersionedSource:
    """Reads step by step, file by file, in an order that a position can be found in again.

    Guarantees: each row once, whatever is compacted meanwhile; a bounded source reads one version.
    A version that is gone, or that changed rows, is an error. Non-guarantees: the order of rows is
    that of versions and of files' names, not that in which rows were written.
    """

    def __init__(self, table: TableDescriptor, versions: Versions, interval_ms: int | None) -> None:
        self._table = table
        self._versions = versions
        self._monitor = Monitor(interval_ms)
        needed = table.columns_needed
        chosen = [c for c in table.schema.columns if needed is None or c.name in needed]
        self._schema = Schema(tuple(chosen or table.schema.columns[:1]))
        self._behind = Behind(None)
        self._after_step = Behind(None)
        self._step: Step | None = None
        self._left: list[str] = []
        self._row = 0
        self._rows: Iterator[pa.RecordBatch] | None = None
        self._ahead: pa.RecordBatch | None = None
        self._told = True
        self._may_have_more = True

    @property
    def _partition(self) -> str:
        return self._versions.partition

    def open(self, start: Mapping[str, Position]) -> None:
        """Connect, and find the place to go on from."""
        self._versions.open()
        position = start.get(self._partition)
        if position is None:
            begin = self._versions.start()
            if isinstance(begin, Behind):
                self._behind = begin
                # A restart must begin here too, whatever has come until then.
                self._told = not self._monitor.goes_on
            else:
                self._begin(begin)
        else:
            self._restore(position)
        self._monitor.lists()

    def _restore(self, position: Position) -> None:
        found = position if isinstance(position, dict) else {}
        version, file, row = found.get("version"), found.get("file"), found.get("row")
        if found.get("done") is True and (version is None or isinstance(version, int)):
            order = found.get("order")
            self._behind = Behind(version, order if isinstance(order, int) else None)
            return
        if not isinstance(version, int) or not isinstance(file, str) or not isinstance(row, int):
            raise self._bad_position(position)
        self._begin(Step(version, found.get("whole") is True))
        if file not in self._left:
            raise self._bad_position(position)
        self._left = self._left[self._left.index(file) :]
        self._row = row

    def _bad_position(self, position: Position) -> ConnectorError:
        return ConnectorError(
            f"`{str(position)[:80]}` is no position of {self._partition}",
            code="connector.bad-position",
            where=Where(table=self._table.name, partition=self._partition),
            hint="The table was made anew, or its options have changed; start the pipeline anew.",
        )

    def _begin(self, step: Step) -> None:
        self._step = step
        self._after_step = self._versions.behind(step.version)
        self._left = list(self._versions.files(step))
        self._row = 0

    def partitions(self) -> Sequence[str]:
        """The one partition."""
        return [self._partition]

    def read(self, rows_max: int, timeout_ms: int) -> Sequence[PartitionBatch]:
        """The next rows of the step that is being read."""
        deadline_s = time.monotonic() + timeout_ms / 1000
        if not self._told:
            self._told = True
            return [self._batch(None)]
        if self._step is None and not self._await_version(deadline_s):
            return []
        return [self._batch(self._next_rows(max(1, rows_max)))]

    def _await_version(self, deadline_s: float) -> bool:
        """Begin with the next version; whether there is one."""
        if not self._monitor.goes_on:
            return False
        following = self._versions.next(self._behind) if self._may_have_more else None
        if following is None:
            self._may_have_more = False
            if not self._monitor.is_due(deadline_s):
                return False
            self._monitor.lists()
            following = self._versions.next(self._behind)
        if following is None:
            return False
        self._begin(Step(following, whole=False))
        return True

    def _next_rows(self, rows_max: int) -> pa.RecordBatch | None:
        """Rows of the current file; None where the step has none left."""
        while self._left:
            rows = self._ahead if self._ahead is not None else self._advance()
            self._ahead = None
            if rows is None:
                self._end_file()
                continue
            if rows.num_rows > rows_max:
                self._ahead = rows.slice(rows_max)
                rows = rows.slice(0, rows_max)
            self._row += rows.num_rows
            if self._ahead is None:
                self._ahead = self._advance()
            if self._ahead is None:
                self._end_file()
            if not self._left:
                self._end_step()
            return rows
        self._end_step()
        return None

    def _advance(self) -> pa.RecordBatch | None:
        """The file's next batch; on opening it, that behind the row to go on from."""
        assert self._step is not None
        skip = 0
        if self._rows is None:
            skip = self._row
            self._rows = self._versions.read(self._step, self._left[0], self._schema.names)
        for batch in self._rows:
            if skip < batch.num_rows:
                return batch.slice(skip)
            skip -= batch.num_rows
        if skip > 0:
            raise self._bad_position({"file": self._left[0], "row": self._row})
        return None

    def _end_file(self) -> None:
        self._close_file()
        self._left.pop(0)
        self._row = 0

    def _end_step(self) -> None:
        assert self._step is not None
        self._behind, self._step = self._after_step, None
        self._may_have_more = True

    def _close_file(self) -> None:
        rows, self._rows, self._ahead = self._rows, None, None
        close = getattr(rows, "close", None)
        if close is not None:
            close()

    def _position(self) -> Position:
        if self._step is None:
            return {"version": self._behind.version, "order": self._behind.order, "done": True}
        return {
            "version": self._step.version,
            "whole": self._step.whole,
            "file": self._left[0],
            "row": self._row,
        }

    def _batch(self, found: pa.RecordBatch | None) -> PartitionBatch:
        arrow = self._table.schema.arrow()
        position = self._position()
        parts, bad = convert(found, self._schema) if found is not None else ([], [])
        rows = pa.Table.from_batches(parts).combine_chunks() if parts else None
        count = rows.num_rows if rows is not None else 0
        arrays, fields = [], []
        for field in arrow:
            if rows is not None and field.name in self._schema.names:
                column = rows[field.name].combine_chunks()
                arrays.append(column.chunk(0) if isinstance(column, pa.ChunkedArray) else column)
            else:
                arrays.append(pa.nulls(count, field.type))
                field = field.with_nullable(True)
            fields.append(field)
        return PartitionBatch(
            self._partition,
            pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields)),
            None,
            position,
            found.num_rows if found is not None else 0,
            dead_letters=tuple(self._letter(found, index, why) for index, why in bad),
        )

    def _letter(self, found: pa.RecordBatch | None, index: int, why: str) -> DeadLetter:
        assert found is not None
        return DeadLetter(
            table=self._table.name,
            stage="type",
            code="connector.value-unreadable",
            message=f"a row of {self._partition} does not fit the declared types: {why}",
            partition=self._partition,
            value=row_json(pa.Table.from_batches([found]), index),
        )

    def finished(self) -> bool:
        """Whether a bounded source has read its version."""
        return not self._monitor.goes_on and self._step is None

    def caught_up(self) -> bool:
        """Whether all versions that are there now have been read."""
        if self._step is not None or not self._told:
            return False
        if not self._monitor.goes_on:
            return True
        following = self._versions.next(self._behind)
        if following is not None:
            self._begin(Step(following, whole=False))
        return following is None

    def close(self) -> None:
        """Close the file and the table."""
        self._close_file()
        self._versions.close()
