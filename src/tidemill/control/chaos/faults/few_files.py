"""The engine may open no more files than it has open, so that a checkpoint cannot be begun."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from tidemill.control.chaos.fault import Fault, Given
from tidemill.control.chaos.scene import Scene

REFUSED = "engine.checkpoint-io"
_WITHIN_S = 30.0


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    engine = scene.engine
    engine.tend()
    assert engine.process is not None
    pid = engine.process.pid
    _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    # Numbers are given out from the lowest that is free: this leaves none.
    open_now = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_now + int(given["more"]), hard))
    if engine.wait_gone(_WITHIN_S):
        scene.refused("a file that could not be opened", REFUSED)
    else:
        scene.wrong.append("the engine went on although it could keep nothing")
        engine.kill()
    engine.start()
    yield


def _draw(rng: Random) -> dict[str, str]:
    return {"more": str(rng.randint(0, 1))}


FAULT = Fault("few-files", "the engine can open no more files", _inject, draw=_draw)
