"""Kafka Connect stands still (SIGSTOP), also beyond the time after which its group gives it up."""

from __future__ import annotations

from contextlib import AbstractContextManager

from tidemill.control.chaos.fault import CDC, Fault, Given
from tidemill.control.chaos.scene import Scene


def _inject(scene: Scene, given: Given) -> AbstractContextManager[None]:
    return scene.servers.frozen("connect")


FAULT = Fault(
    "freeze-connect", "Kafka Connect stands still and goes on", _inject, hold_s=(0.5, 10.0),
    pipelines=(CDC,),
)  # fmt: skip
