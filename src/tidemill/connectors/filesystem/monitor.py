"""When a source looks for new files or objects again (`source.monitor-interval`)."""

from __future__ import annotations

import time


class Monitor:
    """The clock of one source: when it last listed, and when it lists again.

    Args:
        interval_ms: how often it lists; None: once, at the start.
    """

    def __init__(self, interval_ms: int | None) -> None:
        self._interval_s = None if interval_ms is None else interval_ms / 1000
        self._listed_s = 0.0

    @property
    def goes_on(self) -> bool:
        """Whether the source lists again, so that it never ends."""
        return self._interval_s is not None

    def lists(self) -> None:
        """The source lists now."""
        self._listed_s = time.monotonic()

    def is_due(self, deadline_s: float) -> bool:
        """Whether it is time to list again; waits for that, but not beyond the deadline."""
        if self._interval_s is None:
            return False
        due_s = self._listed_s + self._interval_s
        wait_s = min(due_s, deadline_s) - time.monotonic()
        if wait_s > 0:
            time.sleep(wait_s)
        return time.monotonic() >= due_s
