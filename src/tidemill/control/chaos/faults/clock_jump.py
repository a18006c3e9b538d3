"""The engine's clock jumps while it runs; event time must not care."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from tidemill.control.chaos.fault import Fault, Given
from tidemill.control.chaos.scene import Scene
from tidemill.engine.clock import JUMP


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    """The engine is killed, to come back with a clock that jumps after a moment."""
    scene.engine.kill()
    scene.engine.start({JUMP: f"{given['by_ms']}@{given['after_ms']}"})
    yield


def _draw(rng: Random) -> dict[str, str]:
    by_ms = rng.choice((-3_600_000, 3_600_000, -86_400_000, 86_400_000, -500, 500))
    return {"by_ms": str(by_ms), "after_ms": str(rng.randint(0, 2_000))}


FAULT = Fault(
    "clock-jump", "the engine's clock jumps by up to a day", _inject, hold_s=(1.0, 4.0), draw=_draw
)
