"""TUMBLE and HOP window aggregation, and aggregation of a whole bounded input.

State is a pile of Arrow tables of partials, one row per pane, group and batch. The pile is merged
when it has grown past twice its merged size, so its cost per row is constant; a window's groups
are merged once more when it closes. Because the pile only grows at its end, a checkpoint's delta
is what was added since the last one.

Guarantees: each window comes out once, when the watermark reaches its end less one millisecond, in
the order of window end and then keys; the same rows come out however the input is cut into batches
and wherever it is restored (sums of DOUBLE up to the order of addition). Groups whose rows were
all withdrawn do not come out.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa

from tidemill.engine.batches import concat
from tidemill.engine.kernel import Kernel
from tidemill.engine.operators.aggregate_failure import aggregate_failed
from tidemill.engine.python.aggregate import placed_rows
from tidemill.interfaces.operator import StateDelta
from tidemill.plan.operators.window_aggregate import AggregateStage
from tidemill.plan.windows import MAX_WATERMARK_US, MIN_WATERMARK_US
from tidemill.records import dataclass

MERGE_ROWS_MIN = 50_000
"""The pile is not merged while it is smaller than this."""


@dataclass(frozen=True, slots=True)
class _Part:
    table: pa.Table
    oldest_us: int
    newest_us: int


class WindowAggregate:
    """The state of one aggregate; compute thread only."""

    def __init__(self, stage: AggregateStage, kernel: Kernel, deltas_max: int = 64) -> None:
        self.stage = stage
        self._kernel = kernel
        self._relation = f"{stage.id}_state"
        self._pile: list[_Part] = []
        self._rows = 0
        self._merged_rows = 0
        self._fresh: list[_Part] = []
        self._fired_us = MIN_WATERMARK_US
        self._fired_saved_us = MIN_WATERMARK_US
        self._deltas_max = deltas_max
        self._deltas = 0
        self._delta_rows = 0
        self._finished = False
        self._finished_saved = False
        self._arrived = 0

    @property
    def fired_us(self) -> int:
        """End of the last window that has come out."""
        return self._fired_us

    @property
    def next_end_us(self) -> int | None:
        """End of the first window with rows that has not come out; from any thread."""
        grid = self.stage.grid
        oldest = min((part.oldest_us for part in list(self._pile)), default=None)
        if grid is None or oldest is None:
            return None
        end_us, fired_us = grid.first_end(oldest), self._fired_us
        if fired_us > MIN_WATERMARK_US:
            end_us = max(end_us, fired_us + grid.slide_us)
        return end_us

    def add(self, partials: pa.Table) -> None:
        """Take the partials of one batch."""
        if partials.num_rows == 0:
            return
        self._finished = False
        part = self._part(self._placed(partials))
        self._pile.append(part)
        self._fresh.append(part)
        self._rows += partials.num_rows
        if self._rows > max(MERGE_ROWS_MIN, 2 * self._merged_rows):
            self._merge()

    def _placed(self, partials: pa.Table) -> pa.Table:
        """Rows in lists get their place in the stream for that in the batch."""
        arrived = self._arrived
        for name in self.stage.row_lists:
            placed, after = placed_rows(partials.column(name), arrived)
            self._arrived = max(self._arrived, after)
            index = partials.column_names.index(name)
            partials = partials.set_column(index, name, placed)
        return partials

    def _part(self, table: pa.Table) -> _Part:
        if self.stage.grid is None:
            return _Part(table, 0, 0)
        panes = table.column("p").to_numpy()
        return _Part(table, int(panes.min()), int(panes.max()))

    def advance(self, watermark_us: int) -> list[pa.Table]:
        """The windows that the watermark closes, finished and in order."""
        if self.stage.grid is None:
            return self._finish() if watermark_us >= MAX_WATERMARK_US else []
        grid = self.stage.grid
        limit = grid.last_fired(watermark_us)
        if limit <= self._fired_us:
            return []
        low = MIN_WATERMARK_US
        if self._fired_us > MIN_WATERMARK_US:
            low = self._fired_us + grid.slide_us
        oldest = min((part.oldest_us for part in self._pile), default=MAX_WATERMARK_US)
        done: list[pa.Table] = []
        if grid.first_end(oldest) <= limit:
            closing = [p.table for p in self._pile if grid.first_end(p.oldest_us) <= limit]
            done = [self._run(self.stage.emit, concat(closing), (low, limit))]
            self._pile = self._pruned(self._pile, limit)
            self._fresh = self._pruned(self._fresh, limit)
            self._rows = sum(part.table.num_rows for part in self._pile)
            self._merged_rows = min(self._merged_rows, self._rows)
            newest = max(int(table.column("p").to_numpy().max()) for table in closing)
            last = min(limit, grid.last_end(newest))
            self._fired_us = max(self._fired_us, last)
        if watermark_us < MAX_WATERMARK_US:
            self._fired_us = limit
        return [table for table in done if table.num_rows]

    def _finish(self) -> list[pa.Table]:
        """All groups, once; the state stays, for a next run over an input that has grown."""
        if self._finished or not self._pile:
            return []
        self._finished = True
        table = self._run(self.stage.emit, concat([part.table for part in self._pile]))
        return [table] if table.num_rows else []

    def _pruned(self, parts: list[_Part], fired_us: int) -> list[_Part]:
        """Only the partials that some window still needs."""
        grid = self.stage.grid
        assert grid is not None
        kept: list[_Part] = []
        for part in parts:
            if grid.last_end(part.oldest_us) > fired_us:
                kept.append(part)
            elif grid.last_end(part.newest_us) > fired_us:
                alive = grid.last_end(part.table.column("p").to_numpy()) > fired_us
                kept.append(self._part(part.table.filter(pa.array(alive))))
        return kept

    def _merge(self) -> None:
        merged = self._run(self.stage.merge, concat([part.table for part in self._pile]))
        schema = self._pile[0].table.schema
        merged = merged.select(schema.names).cast(schema)
        self._pile = [self._part(merged)]
        self._rows = self._merged_rows = merged.num_rows

    def _run(self, query: str, table: pa.Table, parameters: Sequence[int] = ()) -> pa.Table:
        try:
            return self._kernel.run(query, self._relation, table, parameters)
        except duckdb.Error as error:
            raise aggregate_failed(
                "an aggregate could not be finished", error, self.stage.id, self.stage.aggregates
            ) from error

    @property
    def ended(self) -> bool:
        """Whether the result of the whole input has come out."""
        return self._finished

    def delta(self) -> StateDelta | None:
        """What was added since the last delta; sometimes the whole state instead."""
        saved = self._fired_us == self._fired_saved_us and self._finished == self._finished_saved
        if not self._fresh and saved:
            return None
        self._finished_saved = self._finished
        meta = {"fired_us": str(self._fired_us), "finished": str(int(self._finished))}
        if self._arrived:
            meta["arrived"] = str(self._arrived)
        self._fired_saved_us = self._fired_us
        self._deltas += 1
        self._delta_rows += sum(part.table.num_rows for part in self._fresh)
        base = self._deltas > self._deltas_max or (
            self._deltas > 1 and self._delta_rows > 2 * max(self._rows, MERGE_ROWS_MIN)
        )
        parts = self._fresh
        if base:
            if len(self._pile) > 1:
                self._merge()
            parts, self._deltas, self._delta_rows = self._pile, 0, 0
        tables = {"partials": concat([p.table for p in parts])} if parts else {}
        self._fresh = []
        return StateDelta(base, tables, meta)

    def restore(self, deltas: Sequence[StateDelta]) -> None:
        """Rebuild the pile from a base and the deltas after it."""
        for delta in deltas:
            if delta.base:
                self._pile = []
            if "partials" in delta.tables:
                self._pile.append(self._part(delta.tables["partials"]))
            self._fired_us = int(delta.meta["fired_us"])
            self._finished = delta.meta["finished"] == "1"
            self._arrived = int(delta.meta.get("arrived", "0"))
        if self.stage.grid is not None and self._fired_us > MIN_WATERMARK_US:
            self._pile = self._pruned(self._pile, self._fired_us)
        self._fired_saved_us, self._finished_saved = self._fired_us, self._finished
        self._rows = sum(part.table.num_rows for part in self._pile)
        self._deltas = len(deltas)
        self._delta_rows = self._rows

    def rows(self) -> int:
        """Rows of state."""
        return self._rows

    def state_bytes(self) -> int:
        """Size of the state in bytes."""
        return sum(part.table.nbytes for part in self._pile)

    def snapshot(self) -> pa.Table | None:
        """The merged state, for tests and inspection."""
        if len(self._pile) > 1:
            self._merge()
        if not self._pile:
            return None
        table = self._pile[0].table
        order = [name for name in ("p", "f", *self._group_names()) if name in table.column_names]
        return table.take(np.lexsort([table.column(n).to_numpy(False) for n in reversed(order)]))

    def _group_names(self) -> list[str]:
        return [f"g{i}" for i in range(len(self.stage.keys))]
