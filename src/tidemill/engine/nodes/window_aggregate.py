"""TUMBLE and HOP aggregates, and those over bounded input, in the graph: late rows, partials."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa

from tidemill.engine.batches import Int64s, StageBatch, widen
from tidemill.engine.isolate import edge_rows
from tidemill.engine.local_time import LocalTime
from tidemill.engine.node import Host, LateRows, OperatorNode, Waiting
from tidemill.engine.operators.window_aggregate import WindowAggregate
from tidemill.plan.operators.window_aggregate import AggregateStage
from tidemill.plan.physical import FusedStage, wide
from tidemill.plan.windows import MAX_WATERMARK_US, MILLI_US


class WindowNode(OperatorNode):
    """Batches become partials; windows come out when event time passes them."""

    def __init__(
        self, stage: AggregateStage, host: Host, operator: WindowAggregate | None = None
    ) -> None:
        self.stage = stage
        self.operator = operator or WindowAggregate(stage, host.kernel, host.deltas_max)
        self._local = LocalTime(host.kernel, stage.zone)
        super().__init__(host, self.operator)

    @property
    def fired_us(self) -> int | None:  # type: ignore[override]
        """End of the last window that has come out."""
        if self.stage.grid is None or self.stage.on_clock:
            return None
        return self._local.timer(self.operator.fired_us - MILLI_US) + MILLI_US

    @property
    def waiting(self) -> Waiting | None:  # type: ignore[override]
        """The window that closes next, of those with rows."""
        end_us, grid = self.operator.next_end_us, self.stage.rows_grid
        if end_us is None or grid is None or self.stage.on_clock:
            return None
        begin_us = end_us - grid.size_us
        if grid.cumulates:
            begin_us = grid.last_end(end_us - 1) - grid.size_us
        return Waiting(self._local.timer(end_us - MILLI_US), (begin_us, end_us))

    def take(self, edge: FusedStage, batch: StageBatch) -> LateRows:
        """Add a batch's partials; the indexes of its late rows."""
        late_rows: LateRows = ()
        if batch.standing_us is not None and self.stage.waits_for_watermark:
            batch, late_rows = self._without_late(edge, batch)
        if len(batch):
            partials, kept = self._host.isolated(edge, self.stage.id, batch)
            self._add(partials, len(kept))
        return late_rows

    def _add(self, partials: pa.Table, rows: int) -> None:
        counts = partials.column("n")
        passed = int(np.add.reduce(counts.to_numpy())) if len(counts) else 0
        self._host.counters.passed(self.stage.id, rows, passed)
        if not passed and not self.stage.never_empty:
            return  # without keys there is a row of partials even over no rows
        if self.stage.on_clock:
            partials = self._in_pane(partials)
        self.operator.add(partials.drop_columns(["n"]))

    def _in_pane(self, partials: pa.Table) -> pa.Table:
        """The partials in the pane of now."""
        grid = self.stage.grid
        assert grid is not None
        now_us = self._local.clock(np.array([self._host.clock.now_ms() * 1000]))
        times = {"p": grid.pane(now_us)}
        if grid.hops:
            times["f"] = grid.first_end(now_us)
        columns = [pa.array(np.repeat(t, len(partials))) for t in times.values()]
        names = [*times, *partials.column_names]
        return pa.table([*columns, *partials.columns], names=names)

    def _without_late(self, edge: FusedStage, batch: StageBatch) -> tuple[StageBatch, LateRows]:
        """The batch without its late rows, and without those that miss some of their windows."""
        grid = self.stage.rows_grid
        assert grid is not None and batch.event_time_us is not None
        standing = self._local.reached(self._host.standing_us(edge, self.stage, batch))
        times_us = self._local.clock(batch.event_time_us)
        fired = standing + MILLI_US
        late = grid.last_end(times_us) <= fired
        late_rows: LateRows = ()
        if late.any():
            behind = fired - grid.last_end(times_us) + 1
            late_rows = self._host.late(edge, self.stage.id, batch, late, behind)
        if grid.hops:
            partly = (grid.first_end(times_us) <= fired) & ~late
            if partly.any():
                self._add_partly_late(edge, batch.keep(partly), standing[partly])
                late = late | partly
        return (batch.keep(~late) if late.any() else batch), late_rows

    def _add_partly_late(self, edge: FusedStage, batch: StageBatch, standing: Int64s) -> None:
        """Rows of a hopping window that come after some of their windows have fired."""
        grid = self.stage.rows_grid
        assert grid is not None and edge.first_end_query is not None
        ends = grid.next_unfired(standing)
        kernel, relation = self._host.kernel, wide(edge.input)
        try:
            partials = kernel.run(edge.first_end_query, relation, widen(batch.table, ends))
        except duckdb.Error:
            batch, alive = self._host.set_aside(edge, self.stage.id, batch)
            partials = kernel.run(edge.first_end_query, relation, widen(batch.table, ends[alive]))
        self._add(partials, len(batch))

    def tick(self) -> Sequence[pa.Table]:
        """The windows that have ended by the time of day."""
        now_us = self._host.clock.now_ms() * 1000
        return self.operator.advance(self._local.reached_at(now_us - MILLI_US))

    def advance(self, watermark_us: int) -> Sequence[pa.Table]:
        """The windows that event time has passed."""
        if self.stage.on_clock:
            return []
        if self.stage.never_empty and watermark_us >= MAX_WATERMARK_US:
            self._seed()
        return self.operator.advance(self._local.reached_at(watermark_us))

    def _seed(self) -> None:
        """An aggregate without keys gives a row even over no rows."""
        if self.operator.rows() == 0:
            edge = self.stage.edges[0]
            empty = self._host.plan.schemas[edge.input].empty_table()
            partials = edge_rows(self._host.kernel, edge, empty)
            self.operator.add(partials.drop_columns(["n"]))
