"""GROUP BY over a stream, in the graph."""

from __future__ import annotations

import numpy as np

from tidemill.engine.batches import StageBatch
from tidemill.engine.node import Host, LateRows, OperatorNode
from tidemill.engine.operators.group_aggregate import GroupAggregate
from tidemill.engine.python.lifecycle import opened
from tidemill.plan.operators.group_aggregate import GroupStage
from tidemill.plan.physical import FusedStage


class GroupNode(OperatorNode):
    """Batches become partials; what changed goes on at once."""

    def __init__(self, stage: GroupStage, host: Host) -> None:
        self.stage = stage
        opened(part.function for part in stage.python)
        self.operator = GroupAggregate(
            stage, host.kernel, host.partials(stage), host.clock, host.deltas_max
        )
        super().__init__(host, self.operator)

    def take(self, edge: FusedStage, batch: StageBatch) -> LateRows:
        """Bring the groups of a batch up to date, and hand on what changed."""
        host, stage = self._host, self.stage
        partials, kept = host.isolated(edge, stage.id, batch)
        passed = int(np.add.reduce(partials.column("n").to_numpy())) if len(partials) else 0
        host.counters.passed(stage.id, len(kept), passed)
        if passed:  # without keys there is a row of partials even over no rows
            done = self.operator.add(partials)
            self._set_aside(edge, kept)
            for changes in done:
                host.push(stage.id, StageBatch(changes))
        return ()

    def _set_aside(self, edge: FusedStage, batch: StageBatch) -> None:
        """Rows that an aggregate function in Python could not take."""
        found = {lost.place: lost.failure.bad_row(lost.place) for lost in self.operator.python.lost}
        bad = [found[place] for place in sorted(found)]
        if bad:
            self._host.counters.add(f"{self.stage.id}.out", -len(bad))
            self._host.refuse(edge, self.stage.id, batch, bad)
