"""SESSION windows in the graph: late rows, bad rows, and the clock that ends them."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa

from tidemill.engine.batches import StageBatch, widen
from tidemill.engine.local_time import LocalTime
from tidemill.engine.node import Host, LateRows, OperatorNode, Waiting
from tidemill.engine.operators.sessions import Assignment, Sessions
from tidemill.plan.operators.session import SessionStage
from tidemill.plan.physical import FIRST_END, ROW, FusedStage, wide
from tidemill.plan.sessions import TIME
from tidemill.plan.windows import MILLI_US


class SessionNode(OperatorNode):
    """Rows find their sessions; sessions come out when event time passes them."""

    def __init__(self, stage: SessionStage, host: Host) -> None:
        self.stage = stage
        self.operator = Sessions(stage, host.kernel, host.partials(stage), host.deltas_max)
        self._local = LocalTime(host.kernel, stage.zone)
        super().__init__(host, self.operator)

    @property
    def fired_us(self) -> int | None:  # type: ignore[override]
        """End of the last session that has come out."""
        if self.stage.on_clock:
            return None
        return self._local.timer(self.operator.fired_us - MILLI_US) + MILLI_US

    @property
    def waiting(self) -> Waiting | None:  # type: ignore[override]
        """The session that may end next; it may still grow."""
        end_us = self.operator.next_end_us
        if end_us is None or self.stage.on_clock:
            return None
        return Waiting(self._local.timer(end_us - MILLI_US))

    def take(self, edge: FusedStage, batch: StageBatch) -> LateRows:
        """Add a batch's rows to their sessions; the indexes of its late rows."""
        whole, places = batch, np.arange(len(batch))
        while True:
            try:
                rows = self._rows(edge, batch)
                made, partials = self._assigned(rows)
                break
            except duckdb.Error:
                batch, alive = self._host.set_aside(edge, self.stage.id, batch)
                places = places[alive]
        self.operator.add(partials, made)
        late = made.late
        count = int(late.sum())
        self._host.counters.passed(self.stage.id, len(batch) - count, len(late) - count)
        if not count:
            return ()
        rows = rows.filter(pa.array(late))
        indexes = places[rows.column(ROW).to_numpy()]
        standing = self._local.reached(rows.column(FIRST_END).to_numpy())
        behind = standing - rows.column(TIME).to_numpy() - self.stage.gap_us + MILLI_US + 1
        self._host.note_late(edge, self.stage.id, whole, indexes, behind)
        return [int(i) for i in np.unique(indexes)]

    def _rows(self, edge: FusedStage, batch: StageBatch) -> pa.Table:
        """The rows of a batch; with `r`, and their watermark as `f`, where some may be late."""
        kernel = self._host.kernel
        if batch.standing_us is None or self.stage.on_clock:
            return kernel.run(edge.query, edge.input, batch.table)
        assert edge.first_end_query is not None
        standing = self._host.standing_us(edge, self.stage, batch)
        return kernel.run(edge.first_end_query, wide(edge.input), widen(batch.table, standing))

    def _assigned(self, rows: pa.Table) -> tuple[Assignment, pa.Table]:
        standing = None
        if FIRST_END in rows.column_names:
            standing = self._local.reached(rows.column(FIRST_END).to_numpy())
            rows = rows.drop_columns([ROW, FIRST_END])
        times = rows.column(TIME).to_numpy()
        if self.stage.on_clock:
            now_us = self._local.clock(np.array([self._host.clock.now_ms() * 1000]))
            times = np.repeat(now_us, rows.num_rows)
        made = self.operator.assign(rows, times, standing)
        return made, self.operator.partials(rows, made)

    def tick(self) -> Sequence[pa.Table]:
        """The sessions that have ended by the time of day."""
        now_us = self._host.clock.now_ms() * 1000
        return self.operator.advance(self._local.reached_at(now_us - MILLI_US))

    def advance(self, watermark_us: int) -> Sequence[pa.Table]:
        """The sessions that event time has passed."""
        if self.stage.on_clock:
            return []
        return self.operator.advance(self._local.reached_at(watermark_us))
