"""ORDER BY event time: rows come out in order as the watermark passes them.

Guarantees: whatever the batches, the same rows are late: those for which a row with the same or a
later time was behind the watermark when they came.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from tidemill.engine.batches import Int64s, concat
from tidemill.engine.kernel import Kernel
from tidemill.interfaces.operator import StateDelta
from tidemill.plan.operators.sort_by_time import TimeSortStage
from tidemill.plan.windows import MAX_WATERMARK_US, MIN_WATERMARK_US


class TimeSort:
    """The rows that wait, and the time of the last one that came out; compute thread only."""

    def __init__(self, stage: TimeSortStage, kernel: Kernel) -> None:
        self._stage, self._kernel = stage, kernel
        self._rows: list[pa.Table] = []
        self._last_us = MIN_WATERMARK_US
        self._changed = False

    @property
    def first_us(self) -> int:
        """The time of the first row that waits."""
        found = [int(self._times(rows).min()) for rows in self._rows]
        return min(found, default=MAX_WATERMARK_US)

    def add(self, rows: pa.Table, standing_us: Int64s | None) -> Int64s:
        """Take rows; gives how much too late each is, in microseconds, 0 where it is kept.

        `standing_us` is the watermark before each row, where one may be late.
        """
        times = self._times(rows)
        behind = np.zeros(len(times), np.int64)
        if standing_us is not None:
            behind = self._behind(times, standing_us)
            if behind.any():
                rows = rows.filter(pa.array(behind == 0))
        if rows.num_rows:
            self._rows.append(rows)
            self._changed = True
        return behind

    def _behind(self, times: Int64s, standing_us: Int64s) -> Int64s:
        behind = np.zeros(len(times), np.int64)
        waiting = np.concatenate([*map(self._times, self._rows), times])
        start = len(waiting) - len(times)
        for index in np.flatnonzero(times <= standing_us):
            before = waiting[: start + index]
            reached = before[before <= standing_us[index]]
            last_us = max(self._last_us, int(reached.max(initial=MIN_WATERMARK_US)))
            behind[index] = max(last_us - int(times[index]) + 1, 0)
        return behind

    def advance(self, watermark_us: int) -> list[pa.Table]:
        """The rows that the watermark has reached, in order."""
        if not self._rows or self.first_us > watermark_us:
            return []
        rows = concat(self._rows)
        times = self._times(rows)
        reached = times <= watermark_us
        self._last_us = int(times[reached].max())
        self._rows = [] if reached.all() else [rows.filter(pa.array(~reached))]
        self._changed = True
        ready = rows.filter(pa.array(reached))
        return [self._kernel.run(self._stage.query, f"{self._stage.id}_rows", ready)]

    def _times(self, rows: pa.Table) -> Int64s:
        column = rows.column(self._stage.time)
        micros = column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64())
        times: Int64s = micros.to_numpy()
        return times

    def delta(self) -> StateDelta | None:
        """The rows that wait; only those of the watermark's delay do."""
        if not self._changed:
            return None
        self._changed = False
        tables = {"rows": concat(self._rows)} if self._rows else {}
        return StateDelta(True, tables, {"last_us": str(self._last_us)})

    def restore(self, deltas: Sequence[StateDelta]) -> None:
        """Rebuild from the last base."""
        for delta in deltas:
            self._rows = [delta.tables["rows"]] if "rows" in delta.tables else []
            self._last_us = int(delta.meta["last_us"])

    def state_bytes(self) -> int:
        """Size of the rows in bytes."""
        return sum(table.nbytes for table in self._rows)
