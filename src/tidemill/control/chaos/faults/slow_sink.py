"""The sink is slow: the network to Postgres passes on little."""

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
    with relay.narrow(float(given["bytes_per_s"])):
        yield


def _draw(rng: Random) -> dict[str, str]:
    return {"of": NAMES[1], "bytes_per_s": str(rng.randint(5_000, 50_000))}


FAULT = Fault("slow-sink", "Postgres takes rows slowly", _inject, hold_s=(2.0, 5.0), draw=_draw)
