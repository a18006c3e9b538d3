"""Top-N and deduplication in the graph."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from tidemill.engine.batches import StageBatch
from tidemill.engine.node import Host, LateRows, OperatorNode, Waiting
from tidemill.engine.operators.first_rows import FirstRows
from tidemill.engine.operators.rank import TopRows
from tidemill.plan.operators.rank import RankStage
from tidemill.plan.physical import FusedStage
from tidemill.plan.windows import MAX_WATERMARK_US


class RankNode(OperatorNode):
    """Rows come with their keys; the first row by event time waits for the watermark."""

    def __init__(self, stage: RankStage, host: Host) -> None:
        self.stage = stage
        kind = FirstRows if stage.kind == "first-by-rowtime" else TopRows
        self.operator = kind(stage, host.kernel, host.partials(stage), host.clock, host.deltas_max)
        super().__init__(host, self.operator)

    def take(self, edge: FusedStage, batch: StageBatch) -> LateRows:
        """Rank a batch's rows; the indexes of those too late to be the first."""
        host, stage = self._host, self.stage
        late_rows: LateRows = ()
        if stage.kind == "first-by-rowtime" and batch.standing_us is not None:
            assert batch.event_time_us is not None
            standing = host.standing_us(edge, stage, batch)
            late = batch.event_time_us < standing
            if late.any():
                behind = standing - batch.event_time_us
                late_rows = host.late(edge, stage.id, batch, late, behind)
                batch = batch.keep(~late)
        rows, kept = host.isolated(edge, stage.id, batch)
        host.counters.passed(stage.id, len(kept), rows.num_rows)
        done = self.operator.add(rows)
        if isinstance(self.operator, FirstRows):
            done = self.operator.advance(host.watermark(stage.id))
        for changes in done:
            host.push(stage.id, StageBatch(changes))
        return late_rows

    @property
    def waiting(self) -> Waiting | None:  # type: ignore[override]
        """The first row that waits for event time to reach it."""
        if not isinstance(self.operator, FirstRows):
            return None
        first_us = self.operator.first_us
        return None if first_us >= MAX_WATERMARK_US else Waiting(first_us)

    def advance(self, watermark_us: int) -> Sequence[pa.Table]:
        """The first rows that event time has reached."""
        if isinstance(self.operator, FirstRows):
            return self.operator.advance(watermark_us)
        return []
