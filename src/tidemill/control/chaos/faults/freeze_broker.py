"""Kafka stands still (SIGSTOP) with all its processes, and goes on."""

from __future__ import annotations

from contextlib import AbstractContextManager

from tidemill.control.chaos.fault import Fault, Given
from tidemill.control.chaos.scene import Scene


def _inject(scene: Scene, given: Given) -> AbstractContextManager[None]:
    return scene.servers.frozen("kafka")


FAULT = Fault("freeze-broker", "Kafka stands still and goes on", _inject, hold_s=(0.5, 4.0))
