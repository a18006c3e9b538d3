"""What a source read becomes a batch with event times; bad rows and dead letters leave here."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidemill.engine.batches import Int64s, Mask, Origin, StageBatch
from tidemill.engine.checks import CODE, stopped, unmet, without
from tidemill.engine.counters import Counters
from tidemill.engine.isolate import BadRow, run_isolated
from tidemill.engine.kernel import Kernel
from tidemill.engine.row_parts import has_fewer_fields, with_all_fields
from tidemill.engine.watermarks import SourceWatermarks
from tidemill.errors import EngineError, Where
from tidemill.interfaces.source import PartitionBatch, RowOrigin
from tidemill.model import ColumnKind, DeadLetter
from tidemill.plan.physical import RowChecks, SourceStage
from tidemill.plan.windows import MILLI_US, MIN_WATERMARK_US

Report = Callable[[list[DeadLetter]], None]


class Intake:
    """The compute thread's side of one source."""

    def __init__(
        self,
        stage: SourceStage,
        schema: pa.Schema,
        kernel: Kernel,
        watermarks: SourceWatermarks,
        counters: Counters,
        report: Report,
    ) -> None:
        self.stage = stage
        self.watermarks = watermarks
        self.newest_us = MIN_WATERMARK_US
        """The newest event time in a row of this life, of rows whose watermark is not NULL."""
        self.passed_us = MIN_WATERMARK_US
        """What an operator behind has come to without this source, while it was idle."""
        self._kernel = kernel
        self._counters = counters
        self._report = report
        self._schema = schema
        columns = stage.table.schema.columns
        self._names = [column.name for column in columns]
        keys = [
            (c.metadata_key or c.name) if c.kind is ColumnKind.METADATA else "" for c in columns
        ]
        self._offset = keys.index("offset") if "offset" in keys else None
        self._topic = keys.index("topic") if "topic" in keys else None

    def take(self, slices: Sequence[PartitionBatch]) -> StageBatch | None:
        """The rows of the slices as one batch; None where there are none left."""
        batch = self._rows(slices)
        # In the order of the slices, so that event time does not hang on how they were cut.
        for piece in slices:
            self.watermarks.know([name for name, _ in piece.runs])
            if piece.ended:
                self.watermarks.end(piece.partition)
        return batch

    def _rows(self, slices: Sequence[PartitionBatch]) -> StageBatch | None:
        name = self.stage.table.name
        tables, origins = [], []
        for piece in slices:
            self._counters.add(f"source.{name}.records", piece.records)
            self._counters.add(f"source.{name}.skipped", piece.skipped)
            self._counters.add(f"source.{name}.rows", piece.rows.num_rows)
            gave = piece.rows.num_rows + piece.skipped + len(piece.dead_letters)
            self._counters.add(f"source.{name}.expanded", max(gave - piece.records, 0))
            if piece.dead_letters:
                self._counters.add(f"source.{name}.dead", len(piece.dead_letters))
                self.check(piece.dead_letters)
                self._report(list(piece.dead_letters))
            if piece.rows.num_rows:
                tables.append(self._conform(piece))
                origins += _origins(piece)
        if not tables:
            return None
        batch = StageBatch(pa.Table.from_batches(tables), origins=tuple(origins))
        if self.stage.checks is not None:
            batch = self._checked(batch, self.stage.checks)
            if not len(batch):
                return None
        return self._with_event_time(batch) if self.stage.event_time else batch

    def _conform(self, piece: PartitionBatch) -> pa.RecordBatch:
        arrays = list(piece.rows.columns)
        if self.stage.changelog.updates:
            kinds = piece.kinds
            arrays.append(pa.array(np.zeros(len(piece.rows), np.int8)) if kinds is None else kinds)
        if len(arrays) != len(self._schema):
            raise self._contract(f"gave {len(arrays)} columns instead of {len(self._schema)}")
        try:
            cast = [
                a if a.type == f.type else _conformed(a, f.type)
                for a, f in zip(arrays, self._schema, strict=True)
            ]
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise self._contract(f"gave other types than declared: {error}") from error
        return pa.RecordBatch.from_arrays(cast, schema=self._schema)

    def _contract(self, what: str) -> EngineError:
        return EngineError(
            f"the source of table `{self.stage.table.name}` {what}",
            code="engine.bad-source",
            where=Where(table=self.stage.table.name),
        )

    def _checked(self, batch: StageBatch, checks: RowChecks) -> StageBatch:
        """The rows that meet the expectations; raises EngineError where one stops the job."""
        found = unmet(checks, self._kernel, self._counters, self.stage.id, batch.table)
        if found.stop is not None:
            index, check = found.stop
            row = self._letter(batch, BadRow(index, CODE, check.reason), "check")
            where = Where(
                table=row.table, topic=row.topic, partition=row.partition, offset=row.position
            )
            raise stopped(check, (row.value or b"").decode(errors="replace"), where)
        if found.aside:
            self.set_aside(batch, found.aside, "check")
        elif not (checks.sets_aside and self.stage.changelog.updates):
            return batch
        alive = found.alive(len(batch))
        return replace(batch.keep(alive), table=without(batch.table, alive))

    # -- event time

    def _with_event_time(self, batch: StageBatch) -> StageBatch:
        batch, times, nulls, marks = self._times(batch)
        if nulls.any():
            bad = [
                BadRow(int(i), "engine.null-rowtime", "the event time of the row is NULL")
                for i in np.flatnonzero(nulls)
            ]
            self.set_aside(batch, bad)
            batch, times, marks = batch.keep(~nulls), times[~nulls], marks[~nulls]
        if len(batch) == 0:
            return batch
        counts = marks > MIN_WATERMARK_US
        self.newest_us = int(np.max(times, where=counts, initial=self.newest_us))
        standing = self._arrive(batch.origins, marks)
        surely = int(times.min()) - self.passed_us > MILLI_US
        if surely and not self.stage.keeps_standing and int((times - standing).min()) > MILLI_US:
            return batch
        return StageBatch(batch.table, times, standing, batch.origins)

    def _times(self, batch: StageBatch) -> tuple[StageBatch, Int64s, Mask, Int64s]:
        """Event times, where they are NULL, and watermark values."""
        event_time = self.stage.event_time
        assert event_time is not None
        if event_time.column is not None and event_time.delay_us is not None:
            times, nulls = _micros(batch.table.column(event_time.column))
            return batch, times, nulls, times - event_time.delay_us
        query, probe = event_time.query, event_time.probe
        made, batch, bad = run_isolated(self._kernel, query, probe, self.stage.id, batch)
        if bad:
            self.set_aside(batch, bad)
        times, nulls = _micros(made.column("t"))
        if event_time.delay_us is not None:
            return batch, times, nulls, times - event_time.delay_us
        marks, unknown = _micros(made.column("w"))
        marks = np.where(unknown, MIN_WATERMARK_US, marks)
        return batch, times, nulls, marks

    def _arrive(self, origins: Sequence[Origin], marks: Int64s) -> Int64s:
        if len(origins) == 1:
            return self.watermarks.arrive(origins[0].partition, marks)
        parts, start = [], 0
        for origin in origins:
            if origin.rows:
                stop = start + origin.rows
                parts.append(self.watermarks.arrive(origin.partition, marks[start:stop]))
                start = stop
        return np.concatenate(parts)

    # -- rows that leave

    def set_aside(self, batch: StageBatch, bad: Sequence[BadRow], stage: str = "function") -> None:
        """Report rows that cannot be computed, or stop where the table says so."""
        self._counters.add(f"source.{self.stage.table.name}.dead", len(bad))
        self._report(self.letters(batch, bad, stage))

    def letters(
        self, batch: StageBatch, bad: Sequence[BadRow], stage: str = "function"
    ) -> list[DeadLetter]:
        """The rows as dead letters; raises EngineError in the mode `fail`."""
        made = [self._letter(batch, row, stage) for row in bad]
        self.check(made)
        return made

    def check(self, letters: Sequence[DeadLetter]) -> None:
        """Raise EngineError for the first of the letters in the mode `fail`."""
        if self.stage.error_mode == "fail":
            first = letters[0]
            raise EngineError(
                f"a row of table `{self.stage.table.name}` is bad: {first.message}",
                code=first.code,
                where=Where(
                    table=first.table,
                    topic=first.topic,
                    partition=first.partition,
                    offset=first.position,
                ),
                hint="Mend the row, or leave out 'error-handling.mode' = 'fail' so that bad rows "
                "are set aside.",
            )

    def _letter(self, batch: StageBatch, row: BadRow, stage: str) -> DeadLetter:
        origin = batch.origin_of(row.index)
        if origin is not None:
            return DeadLetter(
                table=self.stage.table.name,
                stage=stage,
                code=row.code,
                message=row.message,
                topic=origin.topic,
                partition=origin.partition,
                position=origin.position,
                timestamp_ms=origin.timestamp_ms,
                key=origin.key,
                value=origin.value,
            )
        values = batch.table.slice(row.index, 1).to_pylist()[0]
        shown = {name: values[f"c{i}"] for i, name in enumerate(self._names)}
        offset = None if self._offset is None else values[f"c{self._offset}"]
        topic = None if self._topic is None else values[f"c{self._topic}"]
        return DeadLetter(
            table=self.stage.table.name,
            stage=stage,
            code=row.code,
            message=row.message,
            topic=topic,
            partition=batch.partition_of(row.index),
            position=None if offset is None else str(offset),
            value=render(shown),
        )


def render(row: dict[str, object]) -> bytes:
    """A row as JSON."""
    return json.dumps(row, default=str, ensure_ascii=False).encode()


def _origins(piece: PartitionBatch) -> list[Origin]:
    if not piece.runs:
        return [Origin(piece.partition, piece.rows.num_rows, piece.origin_of)]
    found, start = [], 0
    for name, rows in piece.runs:
        find = piece.origin_of
        shifted = None if find is None else partial(_shifted, find, start)
        found.append(Origin(name, rows, shifted))
        start += rows
    return found


def _shifted(find: Callable[[int], RowOrigin | None], by: int, row: int) -> RowOrigin | None:
    return find(by + row)


def _conformed(array: pa.Array, type_: pa.DataType) -> pa.Array:
    if has_fewer_fields(array.type, type_):
        return with_all_fields(array, type_)
    return array.cast(type_)


def _micros(column: pa.ChunkedArray) -> tuple[Int64s, Mask]:
    """Epoch microseconds of a timestamp or BIGINT column, and where it is NULL."""
    unit = getattr(column.type, "unit", "us")
    nulls: Mask = np.zeros(len(column), dtype=np.bool_)
    if column.null_count:
        nulls = column.is_null().to_numpy()
        column = pc.fill_null(column, pa.scalar(0, pa.int64()).cast(column.type))
    times: Int64s = column.cast(pa.int64()).to_numpy()
    factor = {"s": 1_000_000, "ms": 1_000, "us": 1}.get(unit)
    return (times // 1000 if factor is None else times * factor if factor > 1 else times), nulls
