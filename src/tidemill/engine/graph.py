"""The plan at run time: batches go in at a source, and come out at the outputs.

Compute thread only. A batch is pushed along all edges of its node, through every operator behind
them; then event time advances in topological order, so that rows always go before the watermark.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import duckdb
import numpy as np
import pyarrow as pa

from tidemill.engine.batches import StageBatch, as_record_batch, kinds_of, widen
from tidemill.engine.clock import Clock, SystemClock
from tidemill.engine.contract import forbidden_nulls, null_letters
from tidemill.engine.counters import Counters
from tidemill.engine.intake import Intake, render
from tidemill.engine.isolate import BadRow, find_bad_rows, passing_rows, run_isolated
from tidemill.engine.kernel import Kernel
from tidemill.engine.operators.first_rows import FirstRows
from tidemill.engine.operators.group_aggregate import GroupAggregate
from tidemill.engine.operators.rank import TopRows
from tidemill.engine.operators.sort import Sort
from tidemill.engine.operators.window_aggregate import WindowAggregate
from tidemill.engine.pairs import run_pairs
from tidemill.errors import EngineError, Where
from tidemill.interfaces.operator import StateDelta
from tidemill.model import Batch, DeadLetter
from tidemill.plan.physical import (
    AggregateStage,
    FusedStage,
    GroupStage,
    OperatorStage,
    OutputStage,
    PhysicalPlan,
    RankStage,
    SortStage,
    wide,
)
from tidemill.plan.windows import MAX_WATERMARK_US, MILLI_US, MIN_WATERMARK_US

Stateful = WindowAggregate | GroupAggregate | TopRows | FirstRows | Sort
Write = Callable[[OutputStage, Batch], None]
WriteLate = Callable[[str, pa.RecordBatch], None]


class Graph:
    """Operators, edges and watermarks of one session."""

    def __init__(
        self,
        plan: PhysicalPlan,
        kernel: Kernel,
        counters: Counters,
        write: Write,
        report: Callable[[list[DeadLetter]], None],
        write_late: WriteLate,
        deltas_max: int,
        clock: Clock | None = None,
    ) -> None:
        self.plan = plan
        clock = clock or SystemClock()
        self.intakes: dict[str, Intake] = {}
        self.watermarks: dict[str, int] = defaultdict(lambda: MIN_WATERMARK_US)
        self._kernel = kernel
        self._counters = counters
        self._write = write
        self._report = report
        self._write_late = write_late
        self.aggregates = {
            stage.id: WindowAggregate(stage, kernel, deltas_max)
            for stage in plan.operators
            if isinstance(stage, AggregateStage)
        }
        self.sorts = {
            stage.id: Sort(stage, kernel)
            for stage in plan.operators
            if isinstance(stage, SortStage)
        }
        self.groups = {
            stage.id: GroupAggregate(stage, kernel, self._partials(stage), clock, deltas_max)
            for stage in plan.operators
            if isinstance(stage, GroupStage)
        }
        self.ranks = {
            stage.id: (FirstRows if stage.kind == "first-by-rowtime" else TopRows)(
                stage, kernel, self._partials(stage), clock, deltas_max
            )
            for stage in plan.operators
            if isinstance(stage, RankStage)
        }
        self._edges: dict[str, list[tuple[FusedStage, OperatorStage | OutputStage]]]
        self._edges = defaultdict(list)
        for stage in [*plan.operators, *plan.outputs]:
            for edge in stage.edges:
                self._edges[edge.input].append((edge, stage))

    @property
    def full(self) -> bool:
        """Whether limits have stopped every output, so that no more input is needed."""
        return all(
            edge.input in self.sorts and self.sorts[edge.input].full
            for output in self.plan.outputs
            for edge in output.edges
        )

    # -- rows

    def push(self, node: str, batch: StageBatch) -> None:
        """Rows of a node go along all its edges."""
        late: set[int] = set()
        for edge, stage in self._edges[node]:
            self._counters.add(f"{stage.id}.in", len(batch))
            if isinstance(stage, AggregateStage):
                late.update(self._aggregate(edge, stage, batch))
                continue
            if isinstance(stage, GroupStage):
                self._group(edge, stage, batch)
                continue
            if isinstance(stage, RankStage):
                late.update(self._rank(edge, stage, batch))
                continue
            rows = self._rows(edge, stage.id, batch)
            if isinstance(stage, SortStage):
                for table in self.sorts[stage.id].add(rows):
                    self.push(stage.id, StageBatch(table))
            else:
                self._output(stage, rows, edge.input)
        if late:
            self._keep_late(node, batch, sorted(late))

    def _rows(self, edge: FusedStage, stage: str, batch: StageBatch) -> pa.Table:
        if edge.identity:
            self._counters.add(f"{stage}.out", len(batch))
            return batch.table
        rows, kept = self._isolated(edge, stage, batch)
        self._counters.add(f"{stage}.out", rows.num_rows)
        if edge.filters:
            self._counters.add(f"{stage}.filtered", len(kept) - rows.num_rows)
        return rows

    def _isolated(
        self, edge: FusedStage, stage: str, batch: StageBatch
    ) -> tuple[pa.Table, StageBatch]:
        if edge.pairs:
            rows, kept, bad = run_pairs(self._kernel, edge, batch)
        else:
            rows, kept, bad = run_isolated(self._kernel, edge.query, edge.probe, edge.input, batch)
        if bad:
            self._counters.add(f"{stage}.dead", len(bad))
            self._report(self._letters(edge.input, batch, bad))
        return rows, kept

    def _letters(self, node: str, batch: StageBatch, bad: Sequence[BadRow]) -> list[DeadLetter]:
        if node in self.intakes:
            return self.intakes[node].letters(batch, bad)
        origin = self.plan.source_of(node)[0]
        letters = [
            DeadLetter(
                origin.table.name, "function", row.code, row.message,
                value=render(batch.table.slice(row.index, 1).to_pylist()[0]),
            )
            for row in bad
        ]  # fmt: skip
        self.intakes[origin.id].check(letters)
        return letters

    # -- aggregates

    def _aggregate(self, edge: FusedStage, stage: AggregateStage, batch: StageBatch) -> list[int]:
        """Add a batch's partials; returns the indexes of its late rows."""
        late_rows: list[int] = []
        if batch.standing_us is not None and stage.grid is not None:
            batch, late_rows = self._without_late(edge, stage, batch)
        if len(batch):
            partials, kept = self._isolated(edge, stage.id, batch)
            self._add(stage, partials, len(kept))
        return late_rows

    def _add(self, stage: AggregateStage, partials: pa.Table, rows: int) -> None:
        counts = partials.column("n")
        passed = int(np.add.reduce(counts.to_numpy())) if len(counts) else 0
        self._counters.add(f"{stage.id}.out", passed)
        self._counters.add(f"{stage.id}.filtered", rows - passed)
        self.aggregates[stage.id].add(partials.drop_columns(["n"]))

    def _partials(self, stage: GroupStage | RankStage) -> pa.Schema:
        """What the edges of an operator give."""
        edge = stage.edges[0]
        empty = self.plan.schemas[edge.input].empty_table()
        return self._kernel.run(edge.query, edge.input, empty).schema

    def _group(self, edge: FusedStage, stage: GroupStage, batch: StageBatch) -> None:
        """Bring a changelog aggregate up to date, and hand on what changed."""
        partials, kept = self._isolated(edge, stage.id, batch)
        passed = int(np.add.reduce(partials.column("n").to_numpy())) if len(partials) else 0
        self._counters.add(f"{stage.id}.out", passed)
        self._counters.add(f"{stage.id}.filtered", len(kept) - passed)
        if not passed:  # without keys there is a row of partials even over no rows
            return
        for changes in self.groups[stage.id].add(partials):
            self.push(stage.id, StageBatch(changes))

    def _rank(self, edge: FusedStage, stage: RankStage, batch: StageBatch) -> list[int]:
        """Rank a batch's rows; returns the indexes of those too late to be the first."""
        late_rows: list[int] = []
        if stage.kind == "first-by-rowtime" and batch.standing_us is not None:
            assert batch.event_time_us is not None
            others = [self.watermarks[e.input] for e in stage.edges if e.input != edge.input]
            standing = np.minimum(batch.standing_us, min(others, default=MAX_WATERMARK_US))
            late = batch.event_time_us < standing
            if late.any():
                late_rows = self._late(edge, stage, batch, late)
                batch = batch.keep(~late)
        rows, kept = self._isolated(edge, stage.id, batch)
        self._counters.add(f"{stage.id}.out", rows.num_rows)
        self._counters.add(f"{stage.id}.filtered", len(kept) - rows.num_rows)
        rank = self.ranks[stage.id]
        done = rank.add(rows)
        if isinstance(rank, FirstRows):
            done = rank.advance(self.watermarks[stage.id])
        for changes in done:
            self.push(stage.id, StageBatch(changes))
        return late_rows

    def _without_late(
        self, edge: FusedStage, stage: AggregateStage, batch: StageBatch
    ) -> tuple[StageBatch, list[int]]:
        """The batch without its late rows, and without those that miss some of their windows."""
        grid = stage.grid
        assert grid is not None and batch.standing_us is not None
        assert batch.event_time_us is not None
        others = [self.watermarks[e.input] for e in stage.edges if e.input != edge.input]
        standing = np.minimum(batch.standing_us, min(others, default=MAX_WATERMARK_US))
        fired = standing + MILLI_US
        late = grid.last_end(batch.event_time_us) <= fired
        late_rows = self._late(edge, stage, batch, late) if late.any() else []
        if grid.hops:
            partly = (grid.first_end(batch.event_time_us) <= fired) & ~late
            if partly.any():
                self._add_partly_late(edge, stage, batch.keep(partly), standing[partly])
                late = late | partly
        return (batch.keep(~late) if late.any() else batch), late_rows

    def _late(
        self,
        edge: FusedStage,
        stage: AggregateStage | RankStage,
        batch: StageBatch,
        late: np.ndarray,
    ) -> list[int]:
        """Late rows count only where they pass the filters before the window."""
        candidates = np.flatnonzero(late)
        some = batch.keep(late)
        passing, kept, bad = passing_rows(self._kernel, edge, some)
        if bad:
            self._counters.add(f"{stage.id}.dead", len(bad))
            self._report(self._letters(edge.input, some, bad))
            alive = np.ones(len(some), dtype=np.bool_)
            alive[[row.index for row in bad]] = False
            candidates = candidates[alive]
        indexes = candidates[passing]
        self._counters.add(f"{stage.id}.late", len(indexes))
        self._counters.add(f"{stage.id}.filtered", len(kept) - len(indexes))
        return [int(i) for i in indexes]

    def _add_partly_late(
        self, edge: FusedStage, stage: AggregateStage, batch: StageBatch, standing: np.ndarray
    ) -> None:
        """Rows of a hopping window that come after some of their windows have fired."""
        grid = stage.grid
        assert grid is not None and edge.first_end_query is not None
        ends = grid.next_unfired(standing)
        query, relation = edge.first_end_query, wide(edge.input)
        try:
            partials = self._kernel.run(query, relation, widen(batch.table, ends))
        except duckdb.Error:
            bad = find_bad_rows(
                self._kernel,
                lambda table: self._kernel.run(edge.query, edge.input, table),
                edge.probe, edge.input, batch.table,
            )  # fmt: skip
            alive = np.ones(len(batch), dtype=np.bool_)
            alive[[row.index for row in bad]] = False
            self._counters.add(f"{stage.id}.dead", len(bad))
            self._report(self._letters(edge.input, batch, bad))
            batch = batch.keep(alive)
            partials = self._kernel.run(query, relation, widen(batch.table, ends[alive]))
        self._add(stage, partials, len(batch))

    def _keep_late(self, node: str, batch: StageBatch, rows: list[int]) -> None:
        """Each late row once, however many windows it missed."""
        intake = self.intakes.get(node)
        if intake is None:
            return
        source = intake.stage
        self._counters.add(f"source.{source.table.name}.late", len(rows))
        if source.late_mode == "drop":
            return
        table, _ = kinds_of(batch.table.take(pa.array(rows)))
        if source.late_mode == "fail":
            raise EngineError(
                f"{len(rows)} rows of table `{source.table.name}` came after their windows closed",
                code="engine.late-row",
                where=Where(table=source.table.name, partition=batch.partition_of(rows[0])),
                detail=f"First late row: {table.slice(0, 1).to_pylist()[0]}.",
                hint="Allow more delay in the WATERMARK, or leave out "
                "'late-handling.mode' = 'fail'.",
            )
        schema = source.table.schema.arrow()
        self._write_late(source.table.name, as_record_batch(table, schema))

    # -- outputs

    def _output(self, stage: OutputStage, rows: pa.Table, node: str) -> None:
        if rows.num_rows == 0:
            return
        table, kinds = kinds_of(rows)
        mask = forbidden_nulls(stage, table)
        if mask is not None:
            self._refuse(stage, null_letters(stage, table, mask), node)
            keep = pa.array(~mask)
            table = table.filter(keep)
            kinds = None if kinds is None else kinds.filter(keep)
        if table.num_rows:
            self._write(stage, Batch(as_record_batch(table, stage.schema), kinds))

    def _refuse(self, stage: OutputStage, letters: list[DeadLetter], node: str) -> None:
        """Set aside rows that a sink's columns do not allow."""
        self._counters.add(f"{stage.id}.out", -len(letters))
        self._counters.add(f"{stage.id}.dead", len(letters))
        for source in self.plan.source_of(node):
            self.intakes[source.id].check(letters)
        self._report(letters)

    # -- time

    def advance(self) -> None:
        """Event time of the sources has moved: close what it closes, in topological order."""
        for name, intake in self.intakes.items():
            self.watermarks[name] = intake.watermarks.current_us
        for stage in self.plan.operators:
            reached = min(self.watermarks[edge.input] for edge in stage.edges)
            if reached <= self.watermarks[stage.id]:
                continue
            if isinstance(stage, AggregateStage):
                if stage.never_empty and reached >= MAX_WATERMARK_US:
                    self._seed(stage)
                done = self.aggregates[stage.id].advance(reached)
            elif isinstance(stage, GroupStage):
                done = []
            elif isinstance(stage, RankStage):
                rank = self.ranks[stage.id]
                done = rank.advance(reached) if isinstance(rank, FirstRows) else []
            else:
                done = self.sorts[stage.id].advance(reached)
            for table in done:
                self.push(stage.id, StageBatch(table))
            self.watermarks[stage.id] = reached

    def _seed(self, stage: AggregateStage) -> None:
        """An aggregate without keys gives a row even over no rows."""
        if self.aggregates[stage.id].rows() == 0:
            edge = stage.edges[0]
            empty = self.plan.schemas[edge.input].empty_table()
            partials = self._kernel.run(edge.query, edge.input, empty)
            self.aggregates[stage.id].add(partials.drop_columns(["n"]))

    # -- state

    def closed_us(self) -> int:
        """The watermark that closes exactly the windows that have come out."""
        fired = [a.fired_us for a in self.aggregates.values() if a.stage.grid is not None]
        return max(fired, default=MIN_WATERMARK_US + MILLI_US) - MILLI_US

    def deltas(self) -> dict[str, StateDelta]:
        """What changed in each operator since the last call."""
        found = {name: operator.delta() for name, operator in self._operators().items()}
        return {name: delta for name, delta in found.items() if delta is not None}

    def restore(
        self, deltas: Mapping[str, Sequence[StateDelta]], watermarks: Mapping[str, int]
    ) -> None:
        """Go on from a checkpoint."""
        operators = self._operators()
        for name, chain in deltas.items():
            operators[name].restore(chain)
        self.watermarks.update(watermarks)

    def state_bytes(self) -> int:
        """Size of all state in bytes."""
        return sum(operator.state_bytes() for operator in self._operators().values())

    def _operators(self) -> dict[str, Stateful]:
        return {**self.aggregates, **self.groups, **self.ranks, **self.sorts}
