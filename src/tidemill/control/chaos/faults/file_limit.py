"""The engine may write no file beyond some size, so that a checkpoint ends in its middle."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from tidemill.control.chaos.fault import Fault, Given
from tidemill.control.chaos.kinds import lift_limit
from tidemill.control.chaos.scene import Scene

REFUSED = "engine.checkpoint-io"
_WITHIN_S = 30.0


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    engine = scene.engine
    engine.tend()
    assert engine.process is not None
    pid = engine.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (int(given["bytes"]), before[1]))
    if scene.must_end(_WITHIN_S, "a file that could not be written", REFUSED):
        engine.start()
    else:
        lift_limit(pid, resource.RLIMIT_FSIZE, before)
    yield


def _draw(rng: Random) -> dict[str, str]:
    return {"bytes": str(rng.randint(0, 2_000))}


FAULT = Fault("file-limit", "a checkpoint cannot be written to its end", _inject, draw=_draw)
