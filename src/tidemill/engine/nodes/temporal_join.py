"""A temporal join by event time in the graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from tidemill.engine.batches import StageBatch
from tidemill.engine.node import Host, LateRows, OperatorNode, Waiting
from tidemill.engine.operators.temporal_join import TemporalJoin
from tidemill.plan.operators.temporal_join import TemporalJoinStage
from tidemill.plan.physical import ROW, FusedStage


class TemporalJoinNode(OperatorNode):
    """Left rows wait for event time; the right side's rows become versions at once."""

    def __init__(self, stage: TemporalJoinStage, host: Host) -> None:
        self.stage = stage
        left, right = host.partials(stage, 0), host.partials(stage, 1)
        self.operator = TemporalJoin(stage, host.kernel, left, right, host.clock, host.deltas_max)
        super().__init__(host, self.operator)

    def take(self, edge: FusedStage, batch: StageBatch) -> LateRows:
        """Keep a batch of one side; no row is too late to be joined with something."""
        host, stage = self._host, self.stage
        rows, kept = host.isolated(edge, stage.id, batch)
        host.counters.passed(stage.id, len(kept), rows.num_rows)
        if edge.port:
            self.operator.change(rows, host.watermark(stage.id))
            return ()
        standing = None
        if kept.standing_us is not None:
            standing = host.standing_us(edge, stage, kept)[rows.column(ROW).to_numpy()]
        self.operator.wait(rows, standing)
        return ()

    @property
    def waiting(self) -> Waiting | None:  # type: ignore[override]
        """The first left row that waits for its version to be known."""
        first_us = self.operator.first_us
        return None if first_us is None else Waiting(first_us)

    def advance(self, watermark_us: int) -> Sequence[pa.Table]:
        """Hand on the rows that event time has reached; the late ones among them stay late."""
        host, stage = self._host, self.stage
        released = self.operator.advance(watermark_us)
        if released is not None:
            standing = np.full(len(released.times_us), host.watermark(stage.id))
            host.push(stage.id, StageBatch(released.rows, released.times_us, standing))
        return []
