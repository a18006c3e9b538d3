"""A sort or a limit in the graph."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from tidemill.engine.batches import StageBatch
from tidemill.engine.node import Host, LateRows, OperatorNode
from tidemill.engine.operators.sort import Sort
from tidemill.plan.physical import FusedStage
from tidemill.plan.sort import SortStage


class SortNode(OperatorNode):
    """Rows go in as they are."""

    def __init__(self, stage: SortStage, host: Host) -> None:
        self.stage = stage
        self.operator = Sort(stage, host.kernel)
        super().__init__(host, self.operator)

    def take(self, edge: FusedStage, batch: StageBatch) -> LateRows:
        """Rows of a limit go straight through."""
        rows = self._host.rows(edge, self.stage.id, batch)
        for table in self.operator.add(rows):
            self._host.push(self.stage.id, StageBatch(table))
        return ()

    def advance(self, watermark_us: int) -> Sequence[pa.Table]:
        """At the end of the input: the sorted rows."""
        return self.operator.advance(watermark_us)

    @property
    def full(self) -> bool:  # type: ignore[override]
        """Whether a limit has all its rows."""
        return self.operator.full
