"""Ctrl-C as an event, for use cases that have something to put in order first."""

from __future__ import annotations

import _thread
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set; a second signal interrupts at once."""
    stopping = threading.Event()
    with calling_on_signals(stopping.set):
        yield stopping


@contextmanager
def calling_on_signals(stop: Callable[[], None]) -> Iterator[None]:
    """SIGINT and SIGTERM call `stop`, from another thread; a second one interrupts at once.

    Elsewhere than in the main thread, where Python has no signals, nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked = False

    def handle(_signal: int, _frame: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        # Not here: the main thread may hold the very lock that an event takes to be set, where its
        # own wait for that event is about to end; it would wait for itself, for ever.
        _thread.start_new_thread(stop, ())

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
