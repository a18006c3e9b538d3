"""An interval join in the graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb
import pyarrow as pa

from tidemill.engine.batches import StageBatch, widen
from tidemill.engine.node import Host, LateRows, OperatorNode, Waiting
from tidemill.engine.operators.interval_join import IntervalJoin
from tidemill.plan.operators.interval_join import IntervalJoinStage
from tidemill.plan.physical import FusedStage, wide
from tidemill.plan.windows import MAX_WATERMARK_US


class IntervalJoinNode(OperatorNode):
    """Rows come with their time, and where some may be late with the watermark before each."""

    def __init__(self, stage: IntervalJoinStage, host: Host) -> None:
        self.stage = stage
        schemas = [host.partials(stage, port) for port in (0, 1)]
        self.operator = IntervalJoin(stage, host.kernel, schemas, host.clock, host.deltas_max)
        super().__init__(host, self.operator)

    def take(self, edge: FusedStage, batch: StageBatch) -> LateRows:
        """Join a batch of one side with the other; a late row is joined too."""
        rows, kept = self._rows(edge, batch)
        self._host.counters.passed(self.stage.id, kept, rows.num_rows)
        self._push(self.operator.add(edge.port, rows))
        return ()

    def _rows(self, edge: FusedStage, batch: StageBatch) -> tuple[pa.Table, int]:
        """What the edge's query gives, and of how many good rows."""
        host = self._host
        if batch.standing_us is None or edge.first_end_query is None:
            rows, good = host.isolated(edge, self.stage.id, batch)
            return rows, len(good)
        standing = host.standing_us(edge, self.stage, batch)
        relation = wide(edge.input)
        try:
            table = widen(batch.table, standing)
            return host.kernel.run(edge.first_end_query, relation, table), len(batch)
        except duckdb.Error:
            good, alive = host.set_aside(edge, self.stage.id, batch)
            table = widen(good.table, standing[alive])
            return host.kernel.run(edge.first_end_query, relation, table), len(good)

    @property
    def waiting(self) -> Waiting | None:  # type: ignore[override]
        """The first row of an outer join that comes out alone if it meets no other."""
        padded_us = self.operator.padded_us
        return None if padded_us is None else Waiting(padded_us)

    def advance(self, watermark_us: int) -> Sequence[pa.Table]:
        """Rows that can meet no more go."""
        if not self.stage.processing_time:
            self._push(self.operator.advance(watermark_us))
        return []

    def tick(self) -> Sequence[pa.Table]:
        """On processing time: rows that can meet no more go."""
        self._push(self.operator.advance(self._host.clock.now_ms() * 1000))
        return []

    def watermark_us(self, reached_us: int) -> int:
        """A row may still meet one that is older by the bounds."""
        if reached_us >= MAX_WATERMARK_US:
            return reached_us
        return reached_us - self.stage.delay_us

    def _push(self, tables: Iterator[pa.Table]) -> None:
        for table in tables:
            self._host.push(self.stage.id, StageBatch(table))
        self._host.counters.add(f"{self.stage.id}.unmatched", self.operator.unmatched)
        self.operator.unmatched = 0
