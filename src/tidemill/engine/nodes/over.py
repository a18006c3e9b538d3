"""Functions with OVER in the graph."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from tidemill.engine.batches import StageBatch
from tidemill.engine.node import Host, LateRows, OperatorNode, Waiting
from tidemill.engine.operators.over import OverRows
from tidemill.engine.operators.over_changes import OverChanges
from tidemill.plan.operators.over import OverChangesStage, OverStage
from tidemill.plan.physical import FusedStage
from tidemill.plan.windows import MAX_WATERMARK_US


class OverNode(OperatorNode):
    """In order of time: late rows are taken out; the others wait, or come out at once."""

    def __init__(self, stage: OverStage, host: Host) -> None:
        self.stage = stage
        rows = host.partials(stage)
        self.operator = OverRows(stage, host.kernel, rows, host.clock, host.deltas_max)
        super().__init__(host, self.operator)

    def take(self, edge: FusedStage, batch: StageBatch) -> LateRows:
        """Take a batch's rows; the indexes of those behind the watermark."""
        host, stage = self._host, self.stage
        late_rows: LateRows = ()
        if stage.rowtime:
            batch, late_rows = self.in_time(edge, stage, batch)
        rows, kept = host.isolated(edge, stage.id, batch)
        host.counters.passed(stage.id, len(kept), rows.num_rows)
        for table in self.operator.add(rows):
            host.push(stage.id, StageBatch(table))
        return late_rows

    @property
    def waiting(self) -> Waiting | None:  # type: ignore[override]
        """The first row that waits for event time to reach it."""
        first_us = self.operator.first_us
        return None if first_us >= MAX_WATERMARK_US else Waiting(first_us)

    def advance(self, watermark_us: int) -> Sequence[pa.Table]:
        """The rows that event time has reached."""
        return self.operator.advance(watermark_us)


class OverChangesNode(OperatorNode):
    """In the order of any key: what changed goes on at once."""

    def __init__(self, stage: OverChangesStage, host: Host) -> None:
        self.stage = stage
        rows = host.partials(stage)
        self.operator = OverChanges(stage, host.kernel, rows, host.clock, host.deltas_max)
        super().__init__(host, self.operator)

    def take(self, edge: FusedStage, batch: StageBatch) -> LateRows:
        """Bring the partitions of a batch up to date."""
        host, stage = self._host, self.stage
        rows, kept = host.isolated(edge, stage.id, batch)
        host.counters.passed(stage.id, len(kept), rows.num_rows)
        for changes in self.operator.add(rows):
            host.push(stage.id, StageBatch(changes))
        return ()
