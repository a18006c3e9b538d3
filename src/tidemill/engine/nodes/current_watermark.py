"""CURRENT_WATERMARK in the graph: rows go through, with the watermark that stood before them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tidemill.engine.batches import StageBatch
from tidemill.engine.node import Host, LateRows, Stateless
from tidemill.plan.operators.current_watermark import CurrentWatermarkStage
from tidemill.plan.physical import ROW, FusedStage
from tidemill.plan.windows import MILLI_US, MIN_WATERMARK_US


class CurrentWatermarkNode(Stateless):
    """Late rows stay late: they go on with their event times."""

    def __init__(self, stage: CurrentWatermarkStage, host: Host) -> None:
        self.stage = stage
        self._host = host

    def take(self, edge: FusedStage, batch: StageBatch) -> LateRows:
        """Hand a batch's rows on; the watermark is NULL before the first one."""
        host, stage = self._host, self.stage
        rows, kept = host.isolated(edge, stage.id, batch)
        host.counters.passed(stage.id, len(kept), rows.num_rows)
        if not rows.num_rows:
            return ()
        origins = rows.column(ROW).to_numpy()
        standing = host.standing_us(edge, stage, kept)[origins]
        none = standing <= MIN_WATERMARK_US
        millis = np.where(none, 0, standing // MILLI_US)
        kind = stage.schema.field(len(stage.schema) - 1).type
        marks = pa.array(millis, pa.int64(), mask=none).cast(pa.timestamp("ms", kind.tz))
        columns = [*rows.drop_columns([ROW]).columns, marks.cast(kind)]
        made = pa.table(columns, schema=stage.schema)
        host.push(stage.id, StageBatch.made_of(made, edge.input, kept, origins))
        return ()
