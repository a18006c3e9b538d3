"""MATCH_RECOGNIZE in the graph."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from tidemill.engine.batches import StageBatch
from tidemill.engine.node import Host, LateRows, OperatorNode, Waiting
from tidemill.engine.operators.match_recognize import Matches
from tidemill.plan.operators.match_recognize import MatchStage
from tidemill.plan.physical import FusedStage
from tidemill.plan.windows import MAX_WATERMARK_US


class MatchNode(OperatorNode):
    """By event time late rows are taken out and the others wait; else rows match as they come."""

    def __init__(self, stage: MatchStage, host: Host) -> None:
        self.stage = stage
        rows = host.partials(stage)
        self.operator = Matches(stage, host.kernel, rows, host.clock, host.deltas_max)
        super().__init__(host, self.operator)

    def take(self, edge: FusedStage, batch: StageBatch) -> LateRows:
        """Take a batch's rows; the indexes of those behind the watermark."""
        host, stage = self._host, self.stage
        late_rows: LateRows = ()
        if stage.waits_for_watermark:
            batch, late_rows = self.in_time(edge, stage, batch)
        rows, kept = host.isolated(edge, stage.id, batch)
        host.counters.passed(stage.id, len(kept), rows.num_rows)
        for matches in self.operator.add(rows):
            host.push(stage.id, StageBatch(matches))
        self._lose()
        return late_rows

    @property
    def waiting(self) -> Waiting | None:  # type: ignore[override]
        """The first row that waits for event time to reach it."""
        first_us = self.operator.first_us
        return None if first_us >= MAX_WATERMARK_US else Waiting(first_us)

    def advance(self, watermark_us: int) -> Sequence[pa.Table]:
        """The matches that event time has completed."""
        if not self.stage.event_time:
            return []
        matches = self.operator.advance(watermark_us)
        self._lose()
        return matches

    def tick(self) -> Sequence[pa.Table]:
        """The matches that waited for one that has timed out."""
        return self.operator.tick()

    def _lose(self) -> None:
        """Rows for which a condition could not be computed go to the dead letters."""
        failed, self.operator.failed = self.operator.failed, []
        if failed:
            lost = [
                ("engine.match-failed", f"the condition of {variable} cannot be computed", row)
                for variable, row in failed
            ]
            self._host.lose(self.stage, lost)
