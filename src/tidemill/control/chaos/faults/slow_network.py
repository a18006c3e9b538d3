"""The network to a server is slow: our relay holds everything back."""

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
    with relay.slow(float(given["delay_ms"]) / 1000):
        yield


def _draw(rng: Random) -> dict[str, str]:
    return {"of": rng.choice(NAMES), "delay_ms": str(rng.randint(20, 300))}


FAULT = Fault(
    "slow-network",
    "the network to Kafka or Postgres is slow",
    _inject,
    hold_s=(1.0, 4.0),
    draw=_draw,
)
