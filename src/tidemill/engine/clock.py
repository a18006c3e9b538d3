"""The time of day, injectable so that tests decide when a partition is idle."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Milliseconds since the epoch, and a clock for durations that never goes back."""

    def now_ms(self) -> int:
        """Wall time in epoch milliseconds."""
        ...

    def monotonic_ms(self) -> float:
        """Time for durations."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now_ms(self) -> int:
        """Wall time in epoch milliseconds."""
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> float:
        """Time for durations."""
        return time.monotonic() * 1000


class ManualClock:
    """A clock that stands still until it is moved; safe from several threads."""

    def __init__(self, start_ms: int = 0) -> None:
        self._lock = threading.Lock()
        self._now_ms = start_ms

    def advance(self, by_ms: int) -> None:
        """Move on."""
        with self._lock:
            self._now_ms += by_ms

    def now_ms(self) -> int:
        """Wall time in epoch milliseconds."""
        with self._lock:
            return self._now_ms

    def monotonic_ms(self) -> float:
        """Time for durations."""
        return float(self.now_ms())
