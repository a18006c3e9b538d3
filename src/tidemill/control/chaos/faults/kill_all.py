"""`kill -9` of the engine and all servers at once, as when a machine stops."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tidemill.control.chaos.fault import Fault, Given
from tidemill.control.chaos.scene import Scene


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    scene.engine.kill()
    for name in scene.servers.names:
        scene.servers.kill(name)
    scene.engine.start()
    yield
    scene.servers.wait_ready()


FAULT = Fault("kill-all", "the engine and all servers are killed at once", _inject)
