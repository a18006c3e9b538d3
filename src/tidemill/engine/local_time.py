"""The clock on which windows over TIMESTAMP_LTZ lie: instants to what it shows, and back.

A window ends on the clock; its timer is an instant. As in Flink the timer of a time that comes
twice is the second one, and that of a time that is skipped is the moment after the jump.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from sqlglot import exp

from tidemill.engine.batches import Int64s
from tidemill.engine.kernel import Kernel
from tidemill.plan.fuse import alias, column, relation, text
from tidemill.plan.local_time import clock_micros, instant_of
from tidemill.plan.windows import micros, timestamp_of

HOUR_US = 3_600_000_000
_FAR_US = 2**60
"""Watermarks beyond are the first and the last there are; they stay what they are."""
_JANUARY_US, _JULY_US = 2_114_380_800_000_000, 2_130_019_200_000_000
"""Days of 2037, to see whether a zone sets its clock."""


class LocalTime:
    """One zone's clock; without a zone all is as it is. Compute thread only."""

    def __init__(self, kernel: Kernel, zone: str | None) -> None:
        self._kernel = kernel
        self.zone = zone
        self._saves = False
        if zone is None:
            return
        time = column("t")
        self._relation = f"clock_{zone}"
        self._clock = self._query(clock_micros(timestamp_of(time, True), zone))
        self._instant = self._query(micros(instant_of(time, zone)))
        shown = self.clock(np.array([_JANUARY_US, _JULY_US]))
        self._saves = bool(shown[0] - _JANUARY_US != shown[1] - _JULY_US)

    def _query(self, output: exp.Expression) -> str:
        made = exp.Select(expressions=[alias(output, "t")]).from_(relation(self._relation))
        return text(made)

    def _run(self, query: str, times_us: Int64s) -> Int64s:
        near = np.abs(times_us) < _FAR_US
        moved = times_us.copy()
        if near.any():
            table = pa.table({"t": times_us[near]})
            moved[near] = self._kernel.run(query, self._relation, table).column("t").to_numpy()
        return moved

    def clock(self, times_us: Int64s) -> Int64s:
        """What the clock shows at instants."""
        return times_us if self.zone is None else self._run(self._clock, times_us)

    def timers(self, clock_us: Int64s) -> Int64s:
        """The instants at which timers for these times of the clock are due."""
        if self.zone is None:
            return clock_us
        first = self._run(self._instant, clock_us)
        if not self._saves:
            return first
        later = self._run(self._instant, clock_us + HOUR_US)
        due = np.where(later - first > HOUR_US, first + HOUR_US, first)
        return np.where(later == first, first - np.fmod(first, HOUR_US), due)

    def reached(self, watermarks_us: Int64s) -> Int64s:
        """The last time of the clock whose timer is due at each watermark, in whole milliseconds.

        Where the clock will be set back that is the time before the hour that comes twice.
        """
        if self.zone is None:
            return watermarks_us
        shown = self.clock(watermarks_us)
        waiting = np.flatnonzero(self.timers(shown) > watermarks_us)
        if not len(waiting):
            return shown
        high = shown[waiting] // 1000
        low = high - 3 * HOUR_US // 1000
        for _ in range(24):
            middle = (low + high) // 2
            due = self.timers(middle * 1000) <= watermarks_us[waiting]
            low, high = np.where(due, middle, low), np.where(due, high, middle)
        shown[waiting] = low * 1000
        return shown

    def timer(self, clock_us: int) -> int:
        """As `timers`, of one time."""
        return int(self.timers(np.array([clock_us], np.int64))[0])

    def reached_at(self, watermark_us: int) -> int:
        """As `reached`, of one watermark."""
        if self.zone is None:
            return watermark_us
        return int(self.reached(np.array([watermark_us], np.int64))[0])
