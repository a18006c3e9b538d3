"""Back-pressure: the share of the last seconds in which a source's reader waited for the engine."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

WINDOW_S = 5.0


class BackPressure:
    """Remembers the seconds waited at each look of the last few seconds."""

    def __init__(self) -> None:
        self._looks: deque[tuple[float, dict[str, float]]] = deque()

    def see(self, now_s: float, blocked_s: Mapping[str, float]) -> dict[str, float]:
        """The share by source table, from 0 to 1; `blocked_s` are seconds waited so far."""
        self._looks.append((now_s, dict(blocked_s)))
        while len(self._looks) > 2 and self._looks[1][0] <= now_s - WINDOW_S:
            self._looks.popleft()
        since_s, before = self._looks[0]
        passed_s = max(0.001, now_s - since_s)
        return {
            table: round(min(1.0, max(0.0, (waited - before.get(table, 0.0)) / passed_s)), 3)
            for table, waited in blocked_s.items()
        }
