"""Connect has lost where the connector stood; its slot in Postgres still knows.

`how=slot`: the connector is told to take no snapshot, and has to go on from the slot, where nothing
may be lost or counted twice. `how=snapshot`: it takes all rows anew, as Debezium does by default,
which the pipeline must refuse, as it has counted them; then all begin anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from tidemill.control.chaos.fault import CDC, Fault, Given
from tidemill.control.chaos.faults.cdc.anew import begin_anew, engine_refuses
from tidemill.control.chaos.scene import Scene

REFUSED = "connector.snapshot-again"


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    capture = scene.captured
    by_slot = given["how"] == "slot"
    capture.insist(capture.stop)
    if by_slot:
        capture.configure(**{"snapshot.mode": "no_data"})
    capture.insist(lambda: capture.connect.client().forget_offsets(capture.name))
    yield
    capture.insist(capture.resume)
    if by_slot:
        if not capture.snapshot_through(scene.tend):
            scene.wrong.append("the connector did not go on from its slot")
        capture.insist(lambda: capture.configure(**{"snapshot.mode": "initial"}))
    else:
        engine_refuses(scene, "a second snapshot", REFUSED)
        begin_anew(scene)


def _draw(rng: Random) -> dict[str, str]:
    return {"how": rng.choice(("slot", "snapshot"))}


FAULT = Fault(
    "lose-offsets", "Connect loses the connector's offsets", _inject, hold_s=(0.0, 3.0),
    draw=_draw, pipelines=(CDC,),
)  # fmt: skip
