"""The input's topic is deleted and made again under its name, with other messages.

All that the old one held has come out before, so that nothing is lost with it. The engine must end
over it, whether it was down or reads; it is healed as the documentation says, and reads the new
topic from its first message.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from tidemill.connectors.kafka.topic_ids import id_in
from tidemill.control.chaos.fault import WINDOWS, Fault, Given
from tidemill.control.chaos.reference.check import ReferenceCheck
from tidemill.control.chaos.reference.feed import ReferenceFeed
from tidemill.control.chaos.reference.text import write_text
from tidemill.control.chaos.scene import Scene

REFUSED = "connector.topic-recreated"
_WITHIN_S = 60.0


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    feed, check = scene.feed, scene.check
    assert isinstance(feed, ReferenceFeed) and isinstance(check, ReferenceCheck)
    feed.rest()
    missing = check.wait_through()
    if missing is not None:
        scene.wrong.append(f"before the topic was deleted: {missing}")
    if given["engine"] == "down":
        scene.engine.kill()
    old = _ids(scene)
    _make_again(scene, feed, check)
    feed.go_on()
    if given["engine"] == "down":
        scene.engine.start()
    if scene.engine.wait_gone(_WITHIN_S):
        scene.refused("a topic that was made again", REFUSED)
    else:
        scene.wrong.append("the engine went on with a topic that was made again")
        scene.engine.kill()
    _heal(scene, old)
    yield


def _make_again(scene: Scene, feed: ReferenceFeed, check: ReferenceCheck) -> None:
    topic = scene.topics[0]
    scene.servers.wait_ready()
    scene.servers.admin.delete([topic])
    scene.servers.admin.create(topic, partitions=feed.partitions)
    check.renewed()
    feed.renew()


def _heal(scene: Scene, old: frozenset[str | None]) -> None:
    """As the error says: the table begins anew; the option goes when that was committed."""
    write_text(scene.folder, scene.pipeline, "begin-anew")
    scene.engine.start()
    limit = time.monotonic() + _WITHIN_S
    while _ids(scene) <= old and time.monotonic() < limit:
        scene.engine.tend()
        scene.servers.tend()
        time.sleep(0.05)
    write_text(scene.folder, scene.pipeline)


def _ids(scene: Scene) -> frozenset[str | None]:
    """The ids in the positions of the epoch that was surely decided."""
    epochs = scene.engine.store.epochs()
    if len(epochs) < 2:
        return frozenset()
    positions = scene.engine.store.manifest(epochs[-2])["positions"]
    return frozenset(id_in(at) for table in positions.values() for at in table.values())


def _draw(rng: Random) -> dict[str, str]:
    return {"engine": rng.choice(("down", "running"))}


FAULT = Fault(
    "recreated-topic", "the input's topic is deleted and made again", _inject, draw=_draw,
    pipelines=(WINDOWS,),
)  # fmt: skip
