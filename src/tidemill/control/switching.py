"""How long a thread waits for the interpreter while another computes.

The thread that commits takes many short steps between its waits for the store, and after each it
needs the interpreter again. Python lets it wait for 5 ms while another thread has it; an epoch has
a dozen such steps.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

INTERVAL_S = 0.001


@contextmanager
def switching_soon() -> Iterator[None]:
    """Threads of this process hand the interpreter over after a millisecond, while it lasts."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(INTERVAL_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
