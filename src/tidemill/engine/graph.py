"""The plan at run time: batches go in at a source, and come out at the outputs.

Compute thread only. A batch is pushed along all edges of its node, through every operator behind
them; then event time advances in topological order, so that rows always go before the watermark.
What an operator does with a batch is in `nodes/`, its state in `operators/`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from tidemill.engine.batches import Int64s, Mask, StageBatch, as_record_batch, kinds_of
from tidemill.engine.clock import Clock, SystemClock
from tidemill.engine.counters import Counters
from tidemill.engine.intake import Intake, render
from tidemill.engine.isolate import BadRow, edge_rows, find_bad_rows, passing_rows, run_isolated
from tidemill.engine.kernel import Kernel
from tidemill.engine.lateness import count_late
from tidemill.engine.node import LateRows, Node
from tidemill.engine.node_times import NodeTimes
from tidemill.engine.nodes import NODES
from tidemill.engine.outlet import Outlet, Write
from tidemill.engine.pairs import run_pairs
from tidemill.engine.samples import Sampler
from tidemill.engine.times import EngineTimes
from tidemill.errors import EngineError, Where
from tidemill.interfaces.lookup import Lookup
from tidemill.interfaces.operator import StateDelta
from tidemill.model import DeadLetter
from tidemill.plan.operators.lookup_join import LookupJoinStage
from tidemill.plan.physical import (
    FusedStage,
    OperatorStage,
    OutputStage,
    PhysicalPlan,
)
from tidemill.plan.windows import MILLI_US, MIN_WATERMARK_US

WriteLate = Callable[[str, pa.RecordBatch], None]


class Graph:
    """Nodes, edges and watermarks of one session; the `Host` of its nodes."""

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
        lookups: Mapping[str, Callable[[], Lookup]] | None = None,
        samples: Sampler | None = None,
        times: EngineTimes | None = None,
    ) -> None:
        self.plan = plan
        self._durations = times or EngineTimes()
        self._samples = samples or Sampler()
        self.kernel = kernel
        self.counters = counters
        self.clock = clock or SystemClock()
        self.deltas_max = deltas_max
        self.report = report
        self.intakes: dict[str, Intake] = {}
        self.times = NodeTimes(plan)
        self._behind_us: dict[str, Int64s] = {}
        """For the rows of the batch at hand, by node: how late they are; 0 where they are not."""
        self._lookups = lookups or {}
        self._open_lookups: dict[str, Lookup] = {}
        self._outlet = Outlet(plan, kernel, counters, self.intakes, write, report, self._samples)
        self._write_late = write_late
        self.nodes: dict[str, Node] = {
            operator.id: NODES[type(operator)](operator, self) for operator in plan.operators
        }
        self._edges: dict[str, list[tuple[FusedStage, OperatorStage | OutputStage]]]
        self._edges = defaultdict(list)
        stages: list[OperatorStage | OutputStage] = [*plan.operators, *plan.outputs]
        for stage in stages:
            for edge in stage.edges:
                self._edges[edge.input].append((edge, stage))

    @property
    def full(self) -> bool:
        """Whether limits have stopped every output, so that no more input is needed."""
        return all(
            edge.input in self.nodes and self.nodes[edge.input].full
            for output in self.plan.outputs
            for edge in output.edges
        )

    # -- rows

    def push(self, node: str, batch: StageBatch) -> None:
        """Rows of a node go along all its edges."""
        if self._samples.wanted:
            self._samples.see(node, batch.table)
        self.counters.add(f"{node}.emitted", len(batch))
        late: set[int] = set()
        for edge, stage in self._edges[node]:
            self.counters.add(f"{stage.id}.in", len(batch))
            if len(stage.edges) > 1:
                self.counters.add(f"{stage.id}.in.{edge.input}", len(batch))
            with self._durations.operator(stage.id):
                if isinstance(stage, OutputStage):
                    self._outlet.give(stage, self.rows(edge, stage.id, batch), edge.input)
                else:
                    late.update(self.nodes[stage.id].take(edge, batch))
        if late:
            self._keep_late(node, batch, sorted(late))

    def rows(self, edge: FusedStage, stage: str, batch: StageBatch) -> pa.Table:
        """The rows that an edge's query gives; counts what it filters and what is bad."""
        if edge.identity:
            self.counters.add(f"{stage}.out", len(batch))
            return batch.table
        rows, kept = self.isolated(edge, stage, batch)
        self.counters.passed(stage, len(kept), rows.num_rows)
        return rows

    def isolated(
        self, edge: FusedStage, stage: str, batch: StageBatch
    ) -> tuple[pa.Table, StageBatch]:
        """What an edge's query gives, and the batch without its bad rows."""
        if edge.pairs:
            rows, kept, bad = run_pairs(self.kernel, edge, batch)
        else:
            rows, kept, bad = run_isolated(
                self.kernel, edge.query, edge.probe, edge.input, batch, edge.numbered
            )
        self._dead(edge, stage, batch, bad)
        return rows, kept

    def set_aside(self, edge: FusedStage, stage: str, batch: StageBatch) -> tuple[StageBatch, Mask]:
        """Rows that the edge's query cannot compute go to the dead letters; the others."""
        bad = find_bad_rows(
            self.kernel,
            lambda table: edge_rows(self.kernel, edge, table),
            edge.probe, edge.input, batch.table,
        )  # fmt: skip
        alive = np.ones(len(batch), dtype=np.bool_)
        alive[[row.index for row in bad]] = False
        self._dead(edge, stage, batch, bad)
        return batch.keep(alive), alive

    def refuse(
        self, edge: FusedStage, stage: str, batch: StageBatch, bad: Sequence[BadRow]
    ) -> None:
        """Rows of a batch that an operator cannot take go to the dead letters."""
        self._dead(edge, stage, batch, bad)

    def _dead(self, edge: FusedStage, stage: str, batch: StageBatch, bad: Sequence[BadRow]) -> None:
        if bad:
            self.counters.add(f"{stage}.dead", len(bad))
            self.report(self._letters(edge.input, batch, bad))

    def lose(
        self, stage: OperatorStage, rows: Sequence[tuple[str, str, dict[str, object]]]
    ) -> None:
        """Rows held in an operator's state, as (code, message, values), go to the dead letters."""
        origin = self.plan.source_of(stage.id)[0]
        letters = [
            DeadLetter(origin.table.name, "function", code, message, value=render(row))
            for code, message, row in rows
        ]
        self.counters.add(f"{stage.id}.lost", len(letters))
        self.intakes[origin.id].check(letters)
        self.report(letters)

    def _letters(self, node: str, batch: StageBatch, bad: Sequence[BadRow]) -> list[DeadLetter]:
        while batch.base is not None:
            base = batch.base
            bad = [replace(row, index=int(base.rows[row.index])) for row in bad]
            node, batch = base.node, base.batch
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

    def partials(self, stage: OperatorStage, port: int = 0) -> pa.Schema:
        """What the edges of one port of an operator give."""
        edge = next(edge for edge in stage.edges if edge.port == port)
        schema = self.plan.schemas[edge.input]
        if edge.identity:
            return schema
        return edge_rows(self.kernel, edge, schema.empty_table()).schema

    # -- lookups

    def lookup(self, stage: str) -> Lookup:
        """The reader of a lookup join's table, opened when it is first asked for."""
        reader = self._open_lookups.get(stage)
        if reader is None:
            operator = next(o for o in self.plan.operators if o.id == stage)
            assert isinstance(operator, LookupJoinStage)
            if stage not in self._lookups:
                raise EngineError(
                    f"the table `{operator.table.name}` cannot be looked up here",
                    code="engine.no-lookup",
                    where=Where(table=operator.table.name),
                    hint="Run the pipeline with its servers.",
                )
            reader = self._lookups[stage]()
            self._open_lookups[stage] = reader
            reader.open(operator.key_columns, operator.table.schema.names)
        return reader

    def close(self) -> None:
        """Close what was opened for lookups."""
        for reader in self._open_lookups.values():
            reader.close()
        self._open_lookups.clear()

    # -- late rows

    def standing_us(self, edge: FusedStage, stage: OperatorStage, batch: StageBatch) -> Int64s:
        """The watermark of a stage as each row comes: the least of its inputs that speak."""
        assert batch.standing_us is not None
        return self.times.standing_us(edge, stage, batch.standing_us)

    def late(
        self, edge: FusedStage, stage: str, batch: StageBatch, late: Mask, behind_us: Int64s
    ) -> LateRows:
        """Late rows count only where they pass the filters before the operator."""
        candidates = np.flatnonzero(late)
        some = batch.keep(late)
        passing, kept, bad = passing_rows(self.kernel, edge, some)
        if bad:
            self._dead(edge, stage, some, bad)
            alive = np.ones(len(some), dtype=np.bool_)
            alive[[row.index for row in bad]] = False
            candidates = candidates[alive]
        indexes = candidates[passing]
        self.counters.add(f"{stage}.filtered", len(kept) - len(indexes))
        self.note_late(edge, stage, batch, indexes, behind_us[indexes])
        return [int(i) for i in indexes]

    def note_late(
        self, edge: FusedStage, stage: str, batch: StageBatch, rows: Int64s, behind_us: Int64s
    ) -> None:
        """Count rows of a batch that came too late, and remember by how much."""
        self.counters.add(f"{stage}.late", len(rows))
        if (edge.input in self.intakes or batch.base is not None) and len(rows):
            behind = self._behind_us.setdefault(edge.input, np.zeros(len(batch), np.int64))
            np.maximum.at(behind, rows, behind_us)

    def _keep_late(self, node: str, batch: StageBatch, rows: list[int]) -> None:
        """Each late row once, however many windows it missed."""
        behind_us = self._behind_us.pop(node, np.zeros(len(batch), np.int64))[rows]
        while batch.base is not None:
            base = batch.base
            origins, first = np.unique(base.rows[rows], return_index=True)
            rows, behind_us = origins.tolist(), behind_us[first]
            node, batch = base.node, base.batch
        intake = self.intakes.get(node)
        if intake is None:
            return
        source = intake.stage
        self.counters.add(f"source.{source.table.name}.late", len(rows))
        count_late(self.counters, source.table.name, behind_us)
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
        self.counters.add(f"source.{source.table.name}.late_written", len(table))
        self._write_late(source.table.name, as_record_batch(table, schema))

    # -- time

    def watermark(self, node: str) -> int:
        """How far event time has come at a node."""
        return self.times.watermarks[node]

    def advance(self) -> None:
        """Time has moved: close what it closes, in topological order."""
        for name, intake in self.intakes.items():
            idle = intake.stage.event_time is not None and intake.watermarks.idle
            self.times.set_source(name, intake.watermarks.current_us, idle=idle)
        for stage in self.plan.operators:
            node = self.nodes[stage.id]
            if stage.on_clock:
                with self._durations.operator(stage.id):
                    for table in node.tick():
                        self.push(stage.id, StageBatch(table))
            reached = self.times.reach(stage)
            behind = node.watermark_us(reached)
            if behind <= self.times.watermarks[stage.id]:
                continue
            with self._durations.operator(stage.id):
                for table in node.advance(reached):
                    self.push(stage.id, StageBatch(table))
            self.times.watermarks[stage.id] = behind
        self._tell_passed()

    def _tell_passed(self) -> None:
        for name, intake in self.intakes.items():
            intake.passed_us = self.times.passed_us(name)

    # -- state

    def closed_us(self) -> int:
        """The watermark that closes exactly the windows that have come out."""
        fired = [node.fired_us for node in self.nodes.values() if node.fired_us is not None]
        return max(fired, default=MIN_WATERMARK_US + MILLI_US) - MILLI_US

    def deltas(self) -> dict[str, StateDelta]:
        """What changed in each operator since the last call."""
        found = {name: node.delta() for name, node in self.nodes.items()}
        return {name: delta for name, delta in found.items() if delta is not None}

    def restore(
        self, deltas: Mapping[str, Sequence[StateDelta]], watermarks: Mapping[str, int]
    ) -> None:
        """Go on from a checkpoint."""
        for name, chain in deltas.items():
            self.nodes[name].restore(chain)
        self.times.restore(watermarks)
        self._tell_passed()

    def state_bytes(self) -> dict[str, int]:
        """Size of each operator's state in bytes, by the operator's id."""
        return {name: node.state_bytes() for name, node in self.nodes.items()}
