"""A regular join in the graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from tidemill.engine.batches import StageBatch
from tidemill.engine.node import Host, LateRows, OperatorNode
from tidemill.engine.operators.regular_join import RegularJoin
from tidemill.plan.operators.regular_join import RegularJoinStage
from tidemill.plan.physical import FusedStage


class RegularJoinNode(OperatorNode):
    """Rows come with the codes of their keys; what changed goes on at once."""

    def __init__(self, stage: RegularJoinStage, host: Host) -> None:
        self.stage = stage
        schemas = [host.partials(stage, port) for port in (0, 1)]
        self.operator = RegularJoin(stage, host.kernel, schemas, host.clock, host.deltas_max)
        super().__init__(host, self.operator)

    def take(self, edge: FusedStage, batch: StageBatch) -> LateRows:
        """Join a batch of one side with the other."""
        host, stage = self._host, self.stage
        rows, kept = host.isolated(edge, stage.id, batch)
        host.counters.passed(stage.id, len(kept), rows.num_rows)
        self._push(self.operator.add(edge.port, rows))
        return ()

    def advance(self, watermark_us: int) -> Sequence[pa.Table]:
        """At the end of bounded input: all rows."""
        self._push(self.operator.advance(watermark_us))
        return []

    def _push(self, tables: Iterator[pa.Table]) -> None:
        for table in tables:
            self._host.push(self.stage.id, StageBatch(table))
        self._host.counters.add(f"{self.stage.id}.unmatched", self.operator.unmatched)
        self.operator.unmatched = 0
