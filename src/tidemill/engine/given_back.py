"""Memory that is free inside the process goes back to the machine now and then.

glibc keeps what is freed below a block that is still in use, in an arena for each of many threads,
so that a process stays as large as its largest moment: after its start, or after a backlog.
`malloc_trim` gives such pages back. Arrow's own pool (mimalloc) gives back those of the thread that
asks, and batches pass through several, so Arrow's memory comes from the C library here. By
`bench.soak` at 140,000 events/s: 453 MB before the first call, which takes 23 ms, 286 to 307 MB
after it with mimalloc, 247 to 259 MB with the C library; later calls take 2 to 13 ms.

Non-guarantees: nothing happens with another C library than glibc; memory in use is not touched.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable

import pyarrow as pa

from tidemill.engine.clock import Clock

EVERY_MS = 10_000
POOL_ASKED = "ARROW_DEFAULT_MEMORY_POOL"


class GivenBack:
    """Gives free memory back every `EVERY_MS`; of one thread, which waits for it."""

    def __init__(self, clock: Clock, trim: Callable[[], None] | None = None) -> None:
        """`trim`: what to do when it is time; None: what the machine's C library has for it."""
        self._clock = clock
        self._trim = trim or give_back
        self._due_ms = clock.monotonic_ms() + EVERY_MS

    def when_due(self) -> None:
        """Give back, if it is time."""
        now_ms = self._clock.monotonic_ms()
        if now_ms >= self._due_ms:
            self._trim()
            self._due_ms = self._clock.monotonic_ms() + EVERY_MS


def use_returnable_pool() -> None:
    """Take Arrow's memory from the C library in this process, where `give_back` works.

    A pool that the environment names (`ARROW_DEFAULT_MEMORY_POOL`) stays.
    """
    if _TRIM is not None and POOL_ASKED not in os.environ:
        pa.set_memory_pool(pa.system_memory_pool())


def give_back() -> None:
    """Give all free pages of the process back now, where the C library can."""
    pa.default_memory_pool().release_unused()
    if _TRIM is not None:
        _TRIM(0)


def _found() -> Callable[[int], int] | None:
    if sys.platform != "linux":
        return None
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim.argtypes, trim.restype = [ctypes.c_size_t], ctypes.c_int
    return trim


_TRIM = _found()
