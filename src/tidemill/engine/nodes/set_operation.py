"""INTERSECT and EXCEPT in the graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from tidemill.engine.batches import StageBatch
from tidemill.engine.node import Host, LateRows, OperatorNode
from tidemill.engine.operators.set_operation import SetOperation
from tidemill.plan.operators.set_operation import ROWS, SetStage
from tidemill.plan.physical import FusedStage


class SetNode(OperatorNode):
    """Batches come with each different row once; what changed goes on at once."""

    def __init__(self, stage: SetStage, host: Host) -> None:
        self.stage = stage
        rows = host.partials(stage)
        self.operator = SetOperation(stage, host.kernel, rows, host.clock, host.deltas_max)
        super().__init__(host, self.operator)

    def take(self, edge: FusedStage, batch: StageBatch) -> LateRows:
        """Count a batch's rows on their side."""
        host, stage = self._host, self.stage
        rows, kept = host.isolated(edge, stage.id, batch)
        passed = int(np.add.reduce(rows.column(ROWS).to_numpy())) if len(rows) else 0
        host.counters.passed(stage.id, len(kept), passed)
        for changes in self.operator.add(rows, edge.port):
            host.push(stage.id, StageBatch(changes))
        return ()

    def advance(self, watermark_us: int) -> Sequence[pa.Table]:
        """At the end of a bounded input: the result."""
        return self.operator.advance(watermark_us)
