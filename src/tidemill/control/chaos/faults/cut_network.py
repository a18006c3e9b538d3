"""Every connection to a server is reset at once."""

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
    relay.cut()
    yield


def _draw(rng: Random) -> dict[str, str]:
    return {"of": rng.choice(NAMES)}


FAULT = Fault("cut-network", "every connection to Kafka or Postgres is reset", _inject, draw=_draw)
