"""The engine gets little more memory than it has: it lives, or ends with a clear error."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from tidemill.control.chaos.fault import Fault, Given
from tidemill.control.chaos.scene import Scene

REFUSED = "engine.out-of-memory"
_HELD_S = 5.0


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    engine = scene.engine
    engine.tend()
    assert engine.process is not None
    pid = engine.process.pid
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + int(given["bytes"])
        _, hard = resource.prlimit(pid, resource.RLIMIT_AS)
        resource.prlimit(pid, resource.RLIMIT_AS, (limit, hard))
    except (FileNotFoundError, ProcessLookupError):
        scene.notes.append("the engine was away already")
        yield
        return
    if engine.wait_gone(_HELD_S):
        scene.refused("memory that could not be had", REFUSED)
        engine.start()
    else:
        scene.notes.append("it lived")
        resource.prlimit(pid, resource.RLIMIT_AS, (hard, hard))
    yield


def _draw(rng: Random) -> dict[str, str]:
    return {"bytes": str(rng.choice((0, 1 << 20, 16 << 20, 64 << 20)))}


FAULT = Fault("memory-limit", "the engine gets no more memory than it has", _inject, draw=_draw)
