"""A window join in the graph."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa

from tidemill.engine.batches import StageBatch, widen
from tidemill.engine.node import Host, LateRows, OperatorNode, Waiting
from tidemill.engine.operators.window_join import WindowJoin
from tidemill.plan.operators.window_join import WindowJoinStage
from tidemill.plan.physical import FIRST_END, FusedStage, wide
from tidemill.plan.ranks import TIME
from tidemill.plan.windows import MILLI_US


class WindowJoinNode(OperatorNode):
    """Rows come with the end of their window; windows come out when event time passes them."""

    def __init__(self, stage: WindowJoinStage, host: Host) -> None:
        self.stage = stage
        schemas = [host.partials(stage, port) for port in (0, 1)]
        self.operator = WindowJoin(stage, host.kernel, schemas, host.deltas_max)
        super().__init__(host, self.operator)

    @property
    def fired_us(self) -> int | None:  # type: ignore[override]
        """End of the last window that has come out."""
        return self.operator.fired_us

    @property
    def waiting(self) -> Waiting | None:  # type: ignore[override]
        """The window that closes next, of those with rows."""
        end_us = self.operator.next_end_us
        if end_us is None:
            return None
        begin_us = self.stage.grid.last_end(end_us - 1) - self.stage.grid.size_us
        window = begin_us if self.stage.grid.cumulates else end_us - self.stage.grid.size_us
        return Waiting(end_us - MILLI_US, (window, end_us))

    def take(self, edge: FusedStage, batch: StageBatch) -> LateRows:
        """Add a batch's rows to their windows; the indexes of its late rows."""
        host, stage = self._host, self.stage
        late_rows: LateRows = ()
        if batch.standing_us is None or edge.first_end_query is None:
            rows, kept = host.isolated(edge, stage.id, batch)
            host.counters.passed(stage.id, len(kept), rows.num_rows)
        else:
            assert batch.event_time_us is not None
            standing = host.standing_us(edge, stage, batch)
            behind = standing + MILLI_US - stage.grid.last_end(batch.event_time_us) + 1
            late = behind > 0
            if late.any():
                late_rows = host.late(edge, stage.id, batch, late, behind)
                batch, standing = batch.keep(~late), standing[~late]
            rows = self._on_time(edge, batch, standing)
        self.operator.add(edge.port, rows)
        return late_rows

    def _on_time(self, edge: FusedStage, batch: StageBatch, standing: np.ndarray) -> pa.Table:
        """The rows once per window that has not closed before them."""
        host, relation = self._host, wide(edge.input)
        assert edge.first_end_query is not None
        try:
            rows = host.kernel.run(edge.first_end_query, relation, widen(batch.table, standing))
        except duckdb.Error:
            batch, alive = host.set_aside(edge, self.stage.id, batch)
            table = widen(batch.table, standing[alive])
            rows = host.kernel.run(edge.first_end_query, relation, table)
        host.counters.passed(self.stage.id, len(batch), rows.num_rows)
        open_ = rows.column(TIME).to_numpy() > rows.column(FIRST_END).to_numpy() + MILLI_US
        return rows if open_.all() else rows.filter(pa.array(open_))

    def advance(self, watermark_us: int) -> Sequence[pa.Table]:
        """The windows that event time has passed."""
        for table in self.operator.advance(watermark_us):
            self._host.push(self.stage.id, StageBatch(table))
        self._host.counters.add(f"{self.stage.id}.unmatched", self.operator.unmatched)
        self.operator.unmatched = 0
        return []
