"""Generated rows for the Kafka tables of a pipeline, through their own connector and format.

Event times go one second on with each row; numbers and texts come from few, so that keys meet.
Floats are whole, so that sums do not hang on their order. What came to stand in a topic is what
counts: rows that a failure lost on their way were never input.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidemill.connectors.datagen.source import DatagenSource
from tidemill.control.chaos.feed_thread import FeedThread
from tidemill.errors import ConnectorError, DoubtfulCommitError
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.sink import CommitGroup
from tidemill.model import Batch, TableDescriptor, TypeRoot

_BEGIN_US = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
_STEP_US = 1_000_000
_INTS = (TypeRoot.TINYINT, TypeRoot.SMALLINT, TypeRoot.INTEGER, TypeRoot.BIGINT)
_TIMES = (TypeRoot.TIMESTAMP, TypeRoot.TIMESTAMP_LTZ)
_FLUSH_S = 0.2
_AGAIN_S = 0.5


class ProjectFeed(FeedThread):
    """Writes the tables' rows from one thread, `rate` a second in all."""

    def __init__(self, tables: Sequence[TableDescriptor], seed: int, rate: int) -> None:
        super().__init__()
        self._tables = [_written(table) for table in tables]
        each = max(1, rate // max(1, len(tables)))
        self._sources = [_generated(table, seed, each) for table in self._tables]
        self._made = [0] * len(tables)
        self.rows = 0
        self._epoch = 0
        self._group: CommitGroup | None = None

    def run(self) -> None:
        """Write until the end."""
        for source in self._sources:
            source.open({})
        while not self.ending.is_set():
            try:
                self._round()
            except (ConnectorError, DoubtfulCommitError):
                self._leave()
                self.ending.wait(_AGAIN_S)
        self._leave()

    def _round(self) -> None:
        """One flush: what is due of every table, until the broker has it."""
        if self._group is None:
            self._group = _group(self._tables)
            self._group.open()
        self._epoch += 1
        rows = 0
        begun_at = time.monotonic()
        while time.monotonic() - begun_at < _FLUSH_S and not self.ending.is_set():
            for number, (table, source) in enumerate(zip(self._tables, self._sources, strict=True)):
                for part in source.read(5_000, 20):
                    made = _timed(part.rows, table, self._made[number])
                    self._made[number] += len(made)
                    self._group.writer(table.name).write(Batch(made))
                    rows += len(made)
        if rows:
            self._group.prepare(self._epoch)
            self._group.commit(self._epoch, {})
            self.rows += rows

    def _leave(self) -> None:
        if self._group is not None:
            with suppress(ConnectorError):
                self._group.close()
            self._group = None


def _group(tables: Sequence[TableDescriptor]) -> CommitGroup:
    from tidemill.connectors import CONNECTORS  # noqa: PLC0415 - loaded when used
    from tidemill.formats import FORMATS  # noqa: PLC0415

    make = CONNECTORS["kafka"].commit_group
    assert make is not None
    return make(tables, JobContext("chaos-feed", FORMATS, delivery="at-least-once"))


def _written(table: TableDescriptor) -> TableDescriptor:
    """The table as a sink: what its messages carry, and no metadata."""
    options = {**table.options}
    if options["connector"] == "kafka":
        options["sink.delivery-guarantee"] = "at-least-once"
    return replace(table, schema=table.schema.physical(), options=options, columns_needed=None)


def _generated(table: TableDescriptor, seed: int, rate: int) -> DatagenSource:
    options = {"connector": "datagen", "rows-per-second": str(rate), "seed": str(seed)}
    for column in table.schema.columns:
        if column.type.root in _INTS:
            options |= {f"fields.{column.name}.min": "0", f"fields.{column.name}.max": "99"}
        elif column.type.root in (TypeRoot.FLOAT, TypeRoot.DOUBLE):
            options |= {f"fields.{column.name}.min": "0", f"fields.{column.name}.max": "1000"}
        elif column.type.root is TypeRoot.VARCHAR:
            options[f"fields.{column.name}.length"] = "1"
    return DatagenSource(TableDescriptor(table.name, table.schema, options))


def _timed(rows: pa.RecordBatch, table: TableDescriptor, made: int) -> pa.RecordBatch:
    """Moments one step after the other, and whole floats."""
    at = pa.array(_BEGIN_US + (made + np.arange(len(rows), dtype=np.int64)) * _STEP_US)
    columns = []
    for column, values in zip(table.schema.columns, rows.columns, strict=True):
        if column.type.root in _TIMES:
            columns.append(at.cast(pa.timestamp("us")).cast(values.type, safe=False))
        elif pa.types.is_floating(values.type):
            columns.append(pc.floor(values))
        else:
            columns.append(values)
    return pa.RecordBatch.from_arrays(columns, schema=rows.schema)
