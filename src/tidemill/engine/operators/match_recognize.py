"""MATCH_RECOGNIZE: the rows of matches that have begun, and the matches that come out.

By event time, rows wait until the watermark has reached them and are then taken in order of time
(and of the further sort keys, and of arrival); by processing time they are taken as they come.
Conditions over a row alone have been computed with the batch; the others are computed for many rows
at once (`match_rows.py`). What steps row by row is the automaton alone (`match_run.py`).

Guarantees: any split into batches gives the same matches by event time (late rows have been taken
out before). A partition is kept while a match in it has begun. A row for which a condition cannot
be computed is set aside, as if it had not come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tidemill.engine.clock import Clock
from tidemill.engine.kernel import Kernel
from tidemill.engine.operators.match_queue import Queue
from tidemill.engine.operators.match_rows import Int64s, MatchRows, RowFailedError
from tidemill.engine.operators.match_run import Match, Stepper
from tidemill.engine.operators.match_state import NUMBER, MatchState, Segment
from tidemill.engine.state.keyed import KeyedState
from tidemill.engine.state.several import delta_of, restore_all
from tidemill.engine.state.timers import Timers
from tidemill.interfaces.operator import StateDelta
from tidemill.plan.operators.match_recognize import MatchStage
from tidemill.plan.ranks import HEAD, SEQUENCE, TIME
from tidemill.plan.windows import MAX_WATERMARK_US
from tidemill.records import dataclass


@dataclass(slots=True)
class _Outcome:
    """What a batch gave: matches, and rows that were set aside with the variable that failed."""

    matches: list[Match] = field(default_factory=list)
    failed: list[tuple[int, int]] = field(default_factory=list)


class Matches:
    """Rows that wait, and partitions in which a match has begun; compute thread only."""

    def __init__(
        self, stage: MatchStage, kernel: Kernel, rows: pa.Schema, clock: Clock, deltas_max: int = 64
    ) -> None:
        """`rows` is the schema that the edges' queries give."""
        self.stage = stage
        self._kernel = kernel
        self._clock = clock
        self._stepper = Stepper(stage)
        time, number = pa.field(TIME, pa.int64()), pa.field(NUMBER, pa.int64())
        fields = [f for f in rows if f.name != TIME]
        self._arriving = pa.schema([*fields, time, pa.field(SEQUENCE, pa.int64())])
        self._kept = pa.schema([*(rows.field(name) for name in stage.kept), time, number])
        self._waiting = KeyedState(
            kernel, f"{stage.id}_waiting", self._arriving, [SEQUENCE], 0, deltas_max
        )
        variables = len(stage.conditions)
        self._state = MatchState(kernel, stage.id, self._kept, stage.keys, variables, deltas_max)
        self._states = {"waiting": self._waiting, **self._state.parts}
        self._timers = Timers(max(stage.within_ms or 0, 1) * 125)
        self._timed: set[int] = set()
        """Partitions that have a timer."""
        self._next = self._next_row = 0
        self.first_us = MAX_WATERMARK_US
        """The least time of a row that waits."""
        self.failed: list[tuple[str, dict[str, object]]] = []
        """Rows set aside since somebody looked: the variable, and the row's columns."""

    # -- rows that come

    def add(self, rows: pa.Table) -> list[pa.Table]:
        """Take rows; by processing time gives at once what they match."""
        count = rows.num_rows
        if not count:
            return []
        now_us = 0
        if not self.stage.event_time:
            now_us = self._clock.now_ms() * 1000
            rows = rows.append_column(TIME, pa.array(np.full(count, now_us)))
        arrived = pa.array(np.arange(self._next, self._next + count))
        self._next += count
        rows = rows.append_column(SEQUENCE, arrived).select(self._arriving.names)
        if not self.stage.event_time:
            return self._processed(rows, now_us)
        self._waiting.put(self._waiting.add(self._waiting.hashes(rows)), rows)
        self.first_us = min(self.first_us, int(rows.column(TIME).to_numpy().min()))
        return []

    def advance(self, watermark_us: int) -> list[pa.Table]:
        """The matches in the rows that event time has reached."""
        if self.stage.at_end and watermark_us < MAX_WATERMARK_US:
            return []
        rows = self._arriving.empty_table()
        if watermark_us >= self.first_us:
            live = self._waiting.live()
            rows, _ = self._waiting.take(live)
            times = rows.column(TIME).to_numpy()
            ripe = times <= watermark_us
            self.first_us = int(times[~ripe].min(initial=MAX_WATERMARK_US))
            self._waiting.remove(live[ripe])
            rows = rows.filter(pa.array(ripe))
            self._waiting.settle()
        return self._processed(rows, watermark_us)

    def tick(self) -> list[pa.Table]:
        """The time of day has gone on."""
        return self._processed(self._arriving.empty_table(), self._clock.now_ms() * 1000)

    # -- matching

    def _processed(self, rows: pa.Table, time_us: int) -> list[pa.Table]:
        """Rows taken in order, and then the time to which it has come."""
        late = set(self._due(time_us).tolist())
        if not rows.num_rows and not late:
            return []
        batch = self._run(self.stage.batch, "batch", rows)
        heads = batch.column(HEAD).to_numpy()
        starts = np.flatnonzero(np.concatenate([[True], heads[1:] != heads[:-1]]))[: len(heads)]
        partitions = self._state.numbers(batch.take(pa.array(starts)))
        sizes = np.diff([*starts, len(heads)]) if len(heads) else np.zeros(0, np.int64)
        numbers = np.arange(self._next_row, self._next_row + len(heads))
        self._next_row += len(heads)
        others = sorted(late - set(partitions))
        given, segments = self._laid_out(batch, numbers, [*partitions, *others], sizes)
        outcome = _Outcome()
        for segment in segments:
            self._step(given, segment, time_us, outcome)
        for segment in self._state.settle(given.table, segments, self._next_row - len(heads)):
            self._set_timer(segment.partition)
        self._note_failed(given, outcome.failed)
        if not outcome.matches:
            return []
        return [self._measured(given, outcome.matches)]

    def _laid_out(
        self, batch: pa.Table, numbers: Int64s, partitions: Sequence[int], sizes: Int64s
    ) -> tuple[MatchRows, list[Segment]]:
        """Of each partition the rows kept and then the new ones, behind each other."""
        runs = [self._state.runs[partition] for partition in partitions]
        kept = np.array([number for run in runs for number in run.rows], np.int64)
        before = self._state.rows(kept)
        new = batch.select([*self.stage.kept, TIME]).append_column(NUMBER, pa.array(numbers))
        order: list[Int64s] = []
        segments: list[Segment] = []
        at = from_kept = from_new = 0
        for i, (partition, run) in enumerate(zip(partitions, runs, strict=True)):
            size = int(sizes[i]) if i < len(sizes) else 0
            held = len(run.rows)
            order.append(np.arange(from_kept, from_kept + held))
            order.append(np.arange(len(kept) + from_new, len(kept) + from_new + size))
            segments.append(Segment(partition, run, at, held, at + held + size))
            from_kept, from_new, at = from_kept + held, from_new + size, at + held + size
        places = np.concatenate(order) if order else np.zeros(0, np.int64)
        table = pa.concat_tables([before, new.cast(self._kept)]).take(pa.array(places))
        held_by: dict[int, npt.NDArray[np.bool_]] = {}
        for variable, condition in enumerate(self.stage.conditions):
            if condition is not None and condition.of_row is not None:
                own = batch.column(condition.of_row).to_numpy()
                both = np.concatenate([np.zeros(len(kept), np.bool_), own.astype(np.bool_)])
                held_by[variable] = both[places]
        table = table.combine_chunks()
        return MatchRows(self._kernel, self.stage.conditions, table, held_by), segments

    def _step(self, rows: MatchRows, segment: Segment, time_us: int, outcome: _Outcome) -> None:
        """Take one partition's new rows, and then the time."""
        run, stepper = segment.run, self._stepper
        numbers = rows.table.column(NUMBER).to_numpy()
        times = rows.table.column(TIME).to_numpy()
        may_begin = rows.may_begin(self.stage.automaton)
        row, start, stop = segment.start + segment.kept, segment.start, segment.stop
        while row < stop:
            if run.idle and may_begin is not None and not may_begin[row]:
                ahead = np.flatnonzero(may_begin[row:stop])
                skipped = int(ahead[0]) if len(ahead) else stop - row
                run.first += len(run.rows) + skipped
                run.rows, run.times = [], []
                row += skipped
                continue
            row_us = int(times[row])
            outcome.matches += stepper.advance(run, row_us)
            run.rows.append(int(numbers[row]))
            run.times.append(row_us // 1000)
            given, at, end, begun = rows, row, stop, run.begun

            def holds(
                variable: int, counts: tuple[int, ...], given: MatchRows = given, at: int = at,
                end: int = end, begun: Queue = begun,
            ) -> bool:  # fmt: skip
                return given.holds(at, end, variable, counts, begun)

            try:
                outcome.matches += stepper.take(run, row_us, holds)
            except RowFailedError as error:
                outcome.failed.append((run.rows.pop(), error.variable))
                run.times.pop()
                rows = rows.without(row, start, stop)
                row, stop, start = row - start, stop - start - 1, 0
                numbers = rows.table.column(NUMBER).to_numpy()
                times = rows.table.column(TIME).to_numpy()
                may_begin = rows.may_begin(self.stage.automaton)
                continue
            row += 1
        outcome.matches += stepper.advance(run, time_us)

    # -- what comes out

    def _measured(self, rows: MatchRows, matches: list[Match]) -> pa.Table:
        """A row for each match, in the order in which they came out."""
        stage = self.stage
        matches.sort(key=lambda match: (match.time_us, match.by))
        numbers = rows.table.column(NUMBER).to_numpy()
        by_number = np.argsort(numbers)

        def places(wanted: Sequence[int]) -> Int64s:
            given = np.array(wanted, np.int64)
            found = by_number[np.searchsorted(numbers, np.maximum(given, 0), sorter=by_number)]
            return np.where(given < 0, -1, found)

        firsts = places([match.rows[0] for match in matches])
        columns = [rows.table.column(name).take(pa.array(firsts)) for name in stage.keys]
        made: dict[int, pa.ChunkedArray | pa.Array] = {}
        for reference in stage.measures.references:
            at = [_row_of(m, reference.variable, reference.last, reference.offset) for m in matches]
            made[reference.place] = rows.values_at(reference.column, places(at))
        for aggregates in stage.measures.aggregates:
            runs = [_rows_of(match, aggregates.variable) for match in matches]
            flat = places([number for run in runs for number in run])
            sizes = np.array([len(run) for run in runs], np.int64)
            found = rows.aggregated(aggregates, flat, sizes)
            made |= dict(zip(aggregates.places, found.columns, strict=True))
        columns += [made[place] for place in sorted(made)]
        if stage.rowtime:
            columns.append(_instants([m.time_us for m in matches], stage.schema.types[-1]))
        return pa.table(columns, names=stage.schema.names).cast(stage.schema)

    def _note_failed(self, rows: MatchRows, failed: Sequence[tuple[int, int]]) -> None:
        numbers = rows.table.column(NUMBER).to_pylist() if failed else []
        for number, variable in failed:
            row = rows.table.select(self.stage.kept).slice(numbers.index(number), 1)
            self.failed.append((self.stage.pattern[variable], row.to_pylist()[0]))

    # -- matches that take too long

    def _set_timer(self, partition: int) -> None:
        run = self._state.runs[partition]
        earliest_ms = None if self.stage.within_ms is None else run.earliest_ms()
        if earliest_ms is None or partition in self._timed:
            return
        self._timed.add(partition)
        due_us = (earliest_ms + (self.stage.within_ms or 0)) * 1000
        self._timers.add(np.array([due_us]), np.array([partition]))

    def _due(self, time_us: int) -> Int64s:
        """Partitions in which a match may have taken too long."""
        due = self._timers.due(time_us) if self._timed else np.zeros(0, np.int64)
        self._timed -= set(due.tolist())
        return np.array([p for p in due.tolist() if p in self._state.runs], np.int64)

    # -- checkpoints

    def delta(self) -> StateDelta | None:
        """What changed since the last delta."""
        meta = {
            "next": str(self._next),
            "next_row": str(self._next_row),
            "next_partition": str(self._state.next),
        }
        return delta_of(self._states, meta)

    def restore(self, deltas: Sequence[StateDelta]) -> None:
        """Rebuild the state from a base and the deltas after it."""
        restore_all(self._states, deltas)
        if deltas:
            meta = deltas[-1].meta
            self._next, self._next_row = int(meta["next"]), int(meta["next_row"])
            self._state.next = int(meta["next_partition"])
        rows, _ = self._waiting.take(self._waiting.live())
        times: Int64s = rows.column(TIME).to_numpy()
        self.first_us = int(times.min(initial=MAX_WATERMARK_US))
        self._state.rebuild()
        for partition in self._state.runs:
            self._set_timer(partition)

    def state_bytes(self) -> int:
        """Size of the state in bytes."""
        return sum(state.state_bytes() for state in self._states.values())

    def _run(self, query: str, relation: str, table: pa.Table) -> pa.Table:
        return self._kernel.run(query, f"{self.stage.id}_{relation}", table)


def _rows_of(match: Match, variable: int | None) -> list[int]:
    """The numbers of a variable's rows."""
    if variable is None:
        return match.rows
    start = sum(match.counts[:variable])
    return match.rows[start : start + match.counts[variable]]


def _row_of(match: Match, variable: int | None, last: bool, offset: int) -> int:
    """The number of the row that a reference means, -1 where there is none."""
    rows = _rows_of(match, variable)
    if offset >= len(rows):
        return -1
    return rows[-1 - offset] if last else rows[offset]


def _instants(times_us: Sequence[int], type_: pa.DataType) -> pa.Array:
    return pa.array(times_us, pa.timestamp("us", tz=type_.tz)).cast(type_)
