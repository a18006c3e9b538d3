"""`kill -9` of Postgres; the supervisor starts it again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tidemill.control.chaos.fault import Fault, Given
from tidemill.control.chaos.scene import Scene


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    if not scene.servers.kill("postgres"):
        scene.notes.append("postgres was away already")
    yield
    scene.servers.wait_ready()


FAULT = Fault("kill-postgres", "Postgres is killed, and started again", _inject)
