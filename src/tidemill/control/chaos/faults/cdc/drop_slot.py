"""The replication slot is dropped while the connector stands, and rows are written meanwhile.

Nobody knows those changes any more: the connector must fail, and all begins with a new snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tidemill.control.chaos.fault import CDC, Fault, Given
from tidemill.control.chaos.faults.cdc.anew import begin_anew
from tidemill.control.chaos.scene import Scene

SAID = "no longer available on the server"
_FAILS_WITHIN_S = 120.0


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    capture = scene.captured
    capture.left_alone = True
    try:
        capture.insist(capture.stop)
        if not capture.drop_slot():
            scene.notes.append("the slot was still read")
        yield
        capture.insist(capture.resume)
        trace = capture.failed(_FAILS_WITHIN_S)
        if trace is None:
            scene.wrong.append("the connector went on behind a slot that was dropped")
        elif SAID not in trace:
            scene.wrong.append(f"the connector failed otherwise: {trace.splitlines()[0][:200]}")
        begin_anew(scene)
    finally:
        capture.left_alone = False


FAULT = Fault(
    "drop-slot", "the replication slot is dropped", _inject, hold_s=(0.5, 3.0), pipelines=(CDC,)
)
