"""An engine that was taken for dead wakes up while another has gone on from a copy of its state."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tidemill.control.chaos.engine_process import EngineProcess
from tidemill.control.chaos.fault import Fault, Given
from tidemill.control.chaos.scene import Scene

_WITHIN_S = 60.0
_FENCED = ("connector.fenced", "engine.sink-ahead", "engine.state-lost")
"""Turned away at its commit; or, where it doubts that one, at its own recovery: its sinks hold an
epoch that its state does not know."""


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    zombie = scene.engine
    zombie.tend()
    zombie.send(signal.SIGSTOP)
    twin = _twin(scene)
    try:
        twin.start()
        if not _committed(twin):
            scene.notes.append(f"the twin did not commit: {twin.last_code()}")
        yield
        zombie.send(signal.SIGCONT)
        if zombie.wait_gone(_WITHIN_S):
            said = zombie.last_code()
            zombie.ends[said] += 1
            if said not in _FENCED:
                scene.wrong.append(f"the zombie ended with {said}, not with {_FENCED[0]}")
        else:
            scene.wrong.append("the zombie went on beside its twin")
            zombie.kill()
    finally:
        twin.kill()
    zombie.kills += twin.kills
    state = zombie.store.folder.parent
    shutil.rmtree(state)
    shutil.copytree(twin.store.folder.parent, state)
    shutil.rmtree(twin.folder)
    zombie.start()


def _twin(scene: Scene) -> EngineProcess:
    """The same pipeline over a copy of the state, in a folder of its own."""
    engine = scene.engine
    folder = scene.folder.parent / f"{scene.folder.name}-twin"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(
        scene.folder, folder, ignore=shutil.ignore_patterns("*.tmp", "engine.log", "logs")
    )
    return EngineProcess(folder, engine.pipeline, engine.command)


def _committed(twin: EngineProcess) -> bool:
    first, limit = twin.newest(), time.monotonic() + _WITHIN_S
    while twin.newest() < first + 2:
        if time.monotonic() > limit or not twin.alive:
            return False
        time.sleep(0.02)
    return True


FAULT = Fault(
    "zombie-engine", "an engine wakes up after another took over from a copy of its state", _inject,
    hold_s=(0.0, 1.0),
)  # fmt: skip
