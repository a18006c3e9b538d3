"""A second engine is started on the same state, and must be turned away."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tidemill.control.chaos.fault import Fault, Given
from tidemill.control.chaos.scene import Scene

_ENDS_WITHIN_S = 60.0
REFUSED = "engine.state-locked"


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    engine = scene.engine
    engine.tend()
    _until_locked(scene)
    second = engine.spawn()
    try:
        code = second.wait(_ENDS_WITHIN_S)
        said = engine.last_code()
        if code == 0 or said != REFUSED:
            scene.wrong.append(f"the second engine ended with {said}, not with {REFUSED}")
    except subprocess.TimeoutExpired:
        scene.wrong.append("a second engine ran on the same state")
        second.kill()
        second.wait()
    yield


def _until_locked(scene: Scene) -> None:
    """The first must have the state, or the second would rightly get it."""
    before = scene.engine.newest()
    for _ in range(2000):
        if scene.engine.newest() > before or not scene.engine.alive:
            return
        scene.engine.wait_gone(0.01)


FAULT = Fault("two-engines", "a second engine starts on the same state", _inject)
