"""`kill -9` of Kafka; the supervisor starts it again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tidemill.control.chaos.fault import Fault, Given
from tidemill.control.chaos.scene import Scene


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    if not scene.servers.kill("kafka"):
        scene.notes.append("kafka was away already")
    yield
    scene.servers.wait_ready()


FAULT = Fault("kill-broker", "Kafka is killed, and started again", _inject)
