"""The network to a server passes on nothing, and says nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from tidemill.control.chaos.fault import Fault, Given
from tidemill.control.chaos.scene import Scene
from tidemill.control.chaos.servers import NAMES


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    relay = scene.servers.relays[given["of"]]
    with relay.silent():
        yield


def _draw(rng: Random) -> dict[str, str]:
    return {"of": rng.choice(NAMES)}


FAULT = Fault(
    "partition",
    "the network to Kafka or Postgres is silent",
    _inject,
    hold_s=(1.0, 6.0),
    draw=_draw,
)
