"""The log is cut off behind the position that the pipeline has committed: nothing is harmed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tidemill.connectors.kafka.topic_facts import delete_before
from tidemill.control.account import offset_of
from tidemill.control.chaos.fault import WINDOWS, Fault, Given
from tidemill.control.chaos.scene import Scene


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    scene.engine.kill()
    epochs = scene.engine.store.epochs()
    if len(epochs) < 2:
        scene.notes.append("nothing was committed yet")
    else:
        scene.check.read_input()
        topic = scene.topics[0]
        # The newest may never have been decided; the one before it was.
        (committed,) = scene.engine.store.manifest(epochs[-2])["positions"].values()
        ends = {int(name): offset_of(position) for name, position in committed.items()}
        delete_before(scene.servers.admin, topic, ends)
        scene.notes.append(f"{topic} begins at {min(ends.values())}")
    scene.engine.start()
    yield


FAULT = Fault(
    "truncated-log",
    "the input is cut off behind the committed position",
    _inject,
    pipelines=(WINDOWS,),
)
