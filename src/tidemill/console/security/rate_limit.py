"""A limit on failed logins: per address, and over all of them together."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import field

from tidemill.records import dataclass

WINDOW_S = 60.0
FAILURES_MAX = 5
FAILURES_MAX_IN_ALL = 50


@dataclass
class LoginLimit:
    """Counts failures of the last minute; a success takes none of them back."""

    now_s: Callable[[], float] = time.monotonic
    _failed: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def wait_s(self, address: str) -> float:
        """How long this address must wait before its next try; 0: not at all."""
        now = self.now_s()
        for key in list(self._failed):
            times = self._failed[key]
            while times and now - times[0] >= WINDOW_S:
                times.popleft()
            if not times:
                del self._failed[key]
        own = self._failed.get(address, deque())
        everyone = sorted(at for times in self._failed.values() for at in times)
        waits = [0.0]
        if len(own) >= FAILURES_MAX:
            waits.append(own[-FAILURES_MAX] + WINDOW_S - now)
        if len(everyone) >= FAILURES_MAX_IN_ALL:
            waits.append(everyone[-FAILURES_MAX_IN_ALL] + WINDOW_S - now)
        return max(waits)

    def failed(self, address: str) -> None:
        """Count a failure."""
        self._failed[address].append(self.now_s())
