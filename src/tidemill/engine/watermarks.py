"""Event time of one source: a watermark per partition, and the minimum over the active ones.

The semantics are Flink's with watermarks emitted on each event: a row meets the watermark that
stood just before it, so results do not depend on how rows are cut into batches. A partition that
is known but silent holds the watermark back until it has been idle for the timeout; a partition
that wakes up never takes the watermark back. When all are idle the watermark stands, and operators
with other inputs leave the source out (`node_times.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from tidemill.engine.clock import Clock
from tidemill.engine.observation import PartitionTime
from tidemill.plan.windows import MAX_WATERMARK_US, MIN_WATERMARK_US
from tidemill.records import dataclass

Int64s = npt.NDArray[np.int64]


@dataclass(slots=True)
class _Partition:
    watermark_us: int
    seen_ms: float
    idle: bool = False
    rows: bool = False
    """Whether a row came in this life."""


class SourceWatermarks:
    """The watermark of one source; compute thread only."""

    def __init__(self, clock: Clock, idle_timeout_ms: int | None) -> None:
        self._clock = clock
        self._idle_timeout_ms = idle_timeout_ms
        self._partitions: dict[str, _Partition] = {}
        self.current_us = MIN_WATERMARK_US
        self._reached_us = MIN_WATERMARK_US

    def know(self, partitions: Sequence[str]) -> None:
        """These partitions exist; a new one holds the watermark until it speaks or is idle."""
        for name in partitions:
            if name not in self._partitions:
                seen = self._clock.monotonic_ms()
                self._partitions[name] = _Partition(MIN_WATERMARK_US, seen)

    def arrive(self, partition: str, watermarks_us: Int64s) -> Int64s:
        """Rows came, in order, with these values of the watermark expression.

        Returns the watermark that stood before each of them.
        """
        self.know((partition,))
        own = self._partitions[partition]
        others = [
            p.watermark_us for n, p in self._partitions.items() if n != partition and not p.idle
        ]
        bound = min(others, default=MAX_WATERMARK_US)
        reached = np.maximum.accumulate(watermarks_us)
        np.maximum(reached, own.watermark_us, out=reached)
        standing = np.empty_like(reached)
        standing[0] = self.current_us
        np.clip(reached[:-1], self.current_us, max(bound, self.current_us), out=standing[1:])
        own.watermark_us, own.idle, own.rows = int(reached[-1]), False, True
        own.seen_ms = self._clock.monotonic_ms()
        self.current_us = max(self.current_us, min(own.watermark_us, bound))
        return standing

    def reach(self, partition: str, watermark_us: int) -> None:
        """The partition itself says that no older row follows."""
        self.know((partition,))
        own = self._partitions[partition]
        own.watermark_us = max(own.watermark_us, watermark_us)
        own.seen_ms, own.idle = self._clock.monotonic_ms(), False
        self._advance()

    def end(self, partition: str) -> None:
        """The partition gives no further row: it holds nothing back any more.

        Where it is the last one that is known, the watermark stands.
        """
        self._partitions.pop(partition, None)
        self._advance()

    def rest(self, partition: str) -> None:
        """The partition counts as idle from now on, until its next row."""
        self.know((partition,))
        self._partitions[partition].idle = True
        self._advance()

    def tick(self) -> None:
        """Time has passed: find idle partitions."""
        if self._idle_timeout_ms is None:
            return
        now = self._clock.monotonic_ms()
        for partition in self._partitions.values():
            if now - partition.seen_ms >= self._idle_timeout_ms:
                partition.idle = True
        self._advance()

    @property
    def idle(self) -> bool:
        """Whether all partitions are silent, so that operators leave this source out."""
        if self.current_us >= MAX_WATERMARK_US or not self._partitions:
            return False
        return all(part.idle for part in self._partitions.values())

    def _advance(self) -> None:
        active = [p.watermark_us for p in self._partitions.values() if not p.idle]
        if active:
            self.current_us = max(self.current_us, min(active))

    def touch(self) -> None:
        """The source could not deliver for a reason of ours (back-pressure): nobody is idle."""
        now = self._clock.monotonic_ms()
        for partition in self._partitions.values():
            if not partition.idle:
                partition.seen_ms = now

    def finish(self) -> None:
        """The bounded input has ended."""
        if self.current_us < MAX_WATERMARK_US:
            self._reached_us = self.current_us
        self.current_us = MAX_WATERMARK_US

    def holders(self) -> dict[str, int]:
        """Watermark of each active partition, to explain what holds time back."""
        return {n: p.watermark_us for n, p in self._partitions.items() if not p.idle}

    def partitions(self) -> dict[str, PartitionTime]:
        """How every partition stands; from any thread."""
        since_ms = self._clock.now_ms() - self._clock.monotonic_ms()
        return {
            name: PartitionTime(
                watermark_us=p.watermark_us if p.watermark_us > MIN_WATERMARK_US else None,
                seen_at_ms=round(since_ms + p.seen_ms),
                rows=p.rows,
                idle=p.idle,
            )
            for name, p in list(self._partitions.items())
        }

    def snapshot(self, closed_us: int) -> dict[str, int]:
        """For the checkpoint: partition watermarks, and the source's own under the key ''.

        The end of a bounded input is not for ever: the next run may find more rows. Only windows
        that came out (`closed_us`) stay closed.
        """
        parts = {name: p.watermark_us for name, p in self._partitions.items()}
        current = self.current_us
        if current >= MAX_WATERMARK_US:
            current = max(self._reached_us, closed_us)
        return {**parts, "": current}

    def restore(self, snapshot: Mapping[str, int]) -> None:
        """Go on from a checkpoint."""
        now = self._clock.monotonic_ms()
        for name, watermark_us in snapshot.items():
            if name:
                self._partitions[name] = _Partition(watermark_us, now)
        self.current_us = snapshot.get("", MIN_WATERMARK_US)
