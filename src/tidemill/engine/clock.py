"""The time of day, injectable so that tests decide when a partition is idle."""

from __future__ import annotations

import os
import threading
import time
from typing import Protocol

JUMP = "TIDEMILL_CLOCK_JUMP"
"""`3600000@500`: the time of day jumps by so many milliseconds, so many after the start."""


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


class JumpingClock(SystemClock):
    """The machine's clocks, where the time of day jumps once; durations do not."""

    def __init__(self, by_ms: int, after_ms: int) -> None:
        self._by_ms = by_ms
        self._at_ms = self.monotonic_ms() + after_ms

    def now_ms(self) -> int:
        """Wall time in epoch milliseconds, as somebody has set it."""
        return super().now_ms() + (self._by_ms if self.monotonic_ms() >= self._at_ms else 0)


def system_clock() -> Clock:
    """The machine's clocks; with `JUMP` in the environment, as a chaos run sets it, one jumps."""
    by_ms, _, after_ms = os.environ.get(JUMP, "").partition("@")
    return JumpingClock(int(by_ms), int(after_ms or 0)) if by_ms else SystemClock()


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
