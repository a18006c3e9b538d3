"""Named places at which a test makes the engine die, to prove that recovery is exact.

`TIDEMILL_CRASH_AT=after-decider-commit` kills the process (SIGKILL: no clean-up of any kind) the
first time the place is reached; `after-decider-commit:3` the third time. In-process tests install
a handler instead, which raises.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable

POINTS = (
    "before-prepare",
    "after-decider-prepare",
    "mid-staging",
    "after-checkpoint-written",
    "after-decider-commit",
    "between-groups",
    "after-all-commits",
)
"""Every place, in the order of an epoch."""

_lock = threading.Lock()
_reached: Counter[str] = Counter()
_handler: Callable[[str], None] | None = None


def install(handler: Callable[[str], None] | None) -> None:
    """Call `handler(point)` at every point instead of reading the environment; None removes it."""
    global _handler  # noqa: PLW0603 - one process, one handler
    _handler = handler


def reach(point: str) -> None:
    """The engine is at `point`; die here if somebody asked for it."""
    if _handler is not None:
        _handler(point)
        return
    wanted = os.environ.get("TIDEMILL_CRASH_AT")
    if not wanted:
        return
    with _lock:
        _reached[point] += 1
        count = _reached[point]
    for entry in wanted.split(","):
        name, _, nth = entry.strip().partition(":")
        if name == point and count == int(nth or 1):
            os.kill(os.getpid(), signal.SIGKILL)
