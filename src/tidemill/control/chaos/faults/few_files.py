"""The engine may open no more files than it has open, so that a checkpoint cannot be begun."""

from __future__ import annotations

import itertools
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    # Again and again: what was open for a moment when it was looked at is free afterwards.
    if scene.must_end(
        _WITHIN_S, "a file that could not be opened", REFUSED, lambda: _leave_none(pid)
    ):
        engine.start()
    else:
        lift_limit(pid, resource.RLIMIT_NOFILE, before)
    yield


def _leave_none(pid: int) -> None:
    """Lower the limit to the lowest number that is free, which is the next to be given out."""
    try:
        taken = {int(path.name) for path in Path(f"/proc/{pid}/fd").iterdir()}
        free = next(number for number in itertools.count() if number not in taken)
        now, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        if taken and free < now:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (free, hard))
    except (FileNotFoundError, ProcessLookupError):
        return  # it has ended


FAULT = Fault("few-files", "the engine can open no more files", _inject)
