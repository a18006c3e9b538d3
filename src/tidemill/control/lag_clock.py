"""Consumer lag in seconds: how long ago the place that has been read by now was the end.

The store tells how many records wait, not since when. So the ends seen are remembered with their
times, and the time of the present place is found between two of them. A backlog that was there
before the first look counts from that look: a lower bound, which grows until it is read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

_SEEN_MAX = 7200
"""Ends remembered for each source: at two a second, an hour."""


class LagClock:
    """Remembers the ends of each source."""

    def __init__(self) -> None:
        self._ends: dict[str, deque[tuple[float, int]]] = {}

    def see(
        self, now_s: float, read: Mapping[str, int], lags: Mapping[str, int]
    ) -> dict[str, float]:
        """The lag of each source in seconds, by table.

        Args:
            now_s: the wall clock.
            read: records read of each source so far.
            lags: records known to wait.
        """
        found: dict[str, float] = {}
        for table, lag in lags.items():
            place = read.get(table, 0)
            ends = self._ends.setdefault(table, deque(maxlen=_SEEN_MAX))
            ends.append((now_s, place + lag))
            while len(ends) > 1 and ends[1][1] <= place:
                ends.popleft()
            found[table] = 0.0 if lag <= 0 else round(max(0.0, now_s - _reached(ends, place)), 3)
        return found


def _reached(ends: deque[tuple[float, int]], place: int) -> float:
    """When `place` was the end; between two looks, as if records came evenly."""
    at_s, end = ends[0]
    if len(ends) == 1 or place <= end:
        return at_s
    next_s, next_end = ends[1]
    return at_s + (next_s - at_s) * (place - end) / max(1, next_end - end)
