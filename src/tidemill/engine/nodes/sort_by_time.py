"""ORDER BY event time in the graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from tidemill.engine.batches import StageBatch
from tidemill.engine.node import Host, LateRows, OperatorNode, Waiting
from tidemill.engine.operators.sort_by_time import TimeSort
from tidemill.plan.operators.sort_by_time import TimeSortStage
from tidemill.plan.physical import ROW, FusedStage
from tidemill.plan.windows import MAX_WATERMARK_US


class TimeSortNode(OperatorNode):
    """Rows wait for the watermark; those that come behind what came out are late."""

    def __init__(self, stage: TimeSortStage, host: Host) -> None:
        self.stage = stage
        self.operator = TimeSort(stage, host.kernel)
        super().__init__(host, self.operator)

    def take(self, edge: FusedStage, batch: StageBatch) -> LateRows:
        """Take a batch's rows; the indexes of the late ones."""
        host, stage = self._host, self.stage
        if batch.standing_us is None:
            rows, kept = host.isolated(edge, stage.id, batch)
            host.counters.passed(stage.id, len(kept), rows.num_rows)
            self.operator.add(rows.drop_columns([ROW]), None)
            return ()
        good, alive = host.set_aside(edge, stage.id, batch)
        rows, _ = host.isolated(edge, stage.id, good)
        origins = rows.column(ROW).to_numpy()
        standing = host.standing_us(edge, stage, good)[origins]
        behind = self.operator.add(rows.drop_columns([ROW]), standing)
        late = np.flatnonzero(behind)
        host.counters.passed(stage.id, len(good) - len(late), rows.num_rows - len(late))
        if not len(late):
            return ()
        indexes = np.flatnonzero(alive)[origins[late]]
        host.note_late(edge, stage.id, batch, indexes, behind[late])
        return [int(i) for i in indexes]

    @property
    def waiting(self) -> Waiting | None:  # type: ignore[override]
        """The first row that waits for event time to reach it."""
        first_us = self.operator.first_us
        return None if first_us >= MAX_WATERMARK_US else Waiting(first_us)

    def advance(self, watermark_us: int) -> Sequence[pa.Table]:
        """The rows that event time has reached."""
        return self.operator.advance(watermark_us)
