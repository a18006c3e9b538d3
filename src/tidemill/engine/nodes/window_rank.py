"""Top-N and deduplication within windows in the graph: as an aggregate, but rows stay rows."""

from __future__ import annotations

import pyarrow as pa

from tidemill.engine.node import Host
from tidemill.engine.nodes.window_aggregate import WindowNode
from tidemill.engine.operators.window_rank import WindowRank
from tidemill.plan.operators.window_rank import WindowRankStage


class WindowRankNode(WindowNode):
    """Rows wait for their windows to close; the first of each partition come out."""

    def __init__(self, stage: WindowRankStage, host: Host) -> None:
        super().__init__(stage, host, WindowRank(stage, host.kernel, host.deltas_max))

    def _add(self, partials: pa.Table, rows: int) -> None:
        self._host.counters.passed(self.stage.id, rows, partials.num_rows)
        self.operator.add(partials)
