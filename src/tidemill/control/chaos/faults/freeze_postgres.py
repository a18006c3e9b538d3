"""Postgres stands still (SIGSTOP) with all its processes, and goes on."""

from __future__ import annotations

from contextlib import AbstractContextManager

from tidemill.control.chaos.fault import Fault, Given
from tidemill.control.chaos.scene import Scene


def _inject(scene: Scene, given: Given) -> AbstractContextManager[None]:
    return scene.servers.frozen("postgres")


FAULT = Fault("freeze-postgres", "Postgres stands still and goes on", _inject, hold_s=(0.5, 4.0))
