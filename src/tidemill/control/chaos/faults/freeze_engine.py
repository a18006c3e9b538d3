"""The engine stands still (SIGSTOP) and goes on, as on a machine that swaps."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tidemill.control.chaos.fault import Fault, Given
from tidemill.control.chaos.scene import Scene


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    frozen = scene.engine.process
    scene.engine.send(signal.SIGSTOP)
    try:
        yield
    finally:
        if frozen is not None and frozen.poll() is None:
            frozen.send_signal(signal.SIGCONT)


FAULT = Fault("freeze-engine", "the engine stands still and goes on", _inject, hold_s=(0.5, 4.0))
