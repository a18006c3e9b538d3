"""The engine has one CPU for a while, as in a container with a small share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tidemill.control.chaos.fault import Fault, Given
from tidemill.control.chaos.scene import Scene


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    all_of_them = os.sched_getaffinity(0)
    scene.engine.tend()
    _pin(scene, {min(all_of_them)})
    try:
        yield
    finally:
        _pin(scene, all_of_them)


def _pin(scene: Scene, cpus: set[int]) -> None:
    """All threads of the engine; those that they start have the same."""
    process = scene.engine.process
    with suppress(FileNotFoundError, ProcessLookupError):  # it has ended
        assert process is not None
        for thread in Path(f"/proc/{process.pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), cpus)


def _missing(scene: Scene) -> str | None:
    return None if len(os.sched_getaffinity(0)) > 1 else "there is one CPU only"


FAULT = Fault(
    "one-cpu", "the engine has one CPU for a while", _inject, hold_s=(2.0, 5.0), missing=_missing
)
