"""`kill -9` of the engine at a random moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tidemill.control.chaos.fault import Fault, Given
from tidemill.control.chaos.scene import Scene


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    scene.engine.kill()
    scene.engine.start()
    yield


FAULT = Fault("kill-engine", "the engine is killed at a random moment", _inject, weight=4)
