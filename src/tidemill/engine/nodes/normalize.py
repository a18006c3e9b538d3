"""The changelog of an upsert source in the graph."""

from __future__ import annotations

from tidemill.engine.batches import StageBatch
from tidemill.engine.node import Host, LateRows, OperatorNode
from tidemill.engine.operators.normalize import Normalize
from tidemill.plan.normalize import NormalizeStage
from tidemill.plan.physical import FusedStage


class NormalizeNode(OperatorNode):
    """Rows go in as the source gives them; what changed goes on at once."""

    def __init__(self, stage: NormalizeStage, host: Host) -> None:
        self.stage = stage
        self.operator = Normalize(stage, host.kernel, host.clock, host.deltas_max)
        super().__init__(host, self.operator)

    def take(self, edge: FusedStage, batch: StageBatch) -> LateRows:
        """Bring the keys of a batch up to date."""
        for changes in self.operator.add(self._host.rows(edge, self.stage.id, batch)):
            self._host.push(self.stage.id, StageBatch(changes))
        return ()
