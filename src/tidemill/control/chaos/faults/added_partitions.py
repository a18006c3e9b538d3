"""The input gets a partition more while it is read; records come there once it was found.

They may not come before: a partition that nobody knows holds no watermark back, in Flink too, so
that its first rows would be late.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tidemill.connectors.kafka.topic_facts import add_partitions
from tidemill.control.chaos.fault import WINDOWS, Fault, Given
from tidemill.control.chaos.reference.check import ReferenceCheck
from tidemill.control.chaos.reference.feed import ReferenceFeed
from tidemill.control.chaos.scene import Scene
from tidemill.engine.checkpoint import DamagedError

_PARTITIONS_MAX = 12
_WITHIN_S = 60.0


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    feed, check = scene.feed, scene.check
    assert isinstance(feed, ReferenceFeed) and isinstance(check, ReferenceCheck)
    added = feed.partitions
    if added >= _PARTITIONS_MAX:
        scene.notes.append(f"there are {added} partitions already")
        yield
        return
    scene.servers.wait_ready()
    add_partitions(scene.servers.admin, scene.topics[0], added + 1)
    check.grown(added + 1)
    limit = time.monotonic() + _WITHIN_S
    while not _known(scene, str(added)) and time.monotonic() < limit:
        scene.engine.tend()
        scene.servers.tend()
        time.sleep(0.05)
    if not _known(scene, str(added)):
        scene.wrong.append(f"partition {added} was not found within {_WITHIN_S:.0f} s")
    feed.partitions = added + 1
    yield


def _known(scene: Scene, partition: str) -> bool:
    try:
        positions = scene.engine.store.manifest(scene.engine.newest())["positions"]
    except DamagedError:  # there is none yet, or it was removed a moment ago
        return False
    return partition in positions.get("events", {})


FAULT = Fault("added-partitions", "the input gets a partition more", _inject, pipelines=(WINDOWS,))
