"""`kill -9` of the engine at a named place of an epoch; see `engine/crash_points.py`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from tidemill.control.chaos.fault import Fault, Given
from tidemill.control.chaos.scene import Scene
from tidemill.engine.crash_points import POINTS

_REACHED_WITHIN_S = 20.0
_RARE = ("between-groups",)
"""Places that only epochs with output for several sinks come to."""


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    """Two deaths: one at a random moment, to arm the place, and the one at the place."""
    scene.engine.kill()
    scene.engine.start({"TIDEMILL_CRASH_AT": f"{given['point']}:{given['nth']}"})
    if scene.engine.wait_gone(_REACHED_WITHIN_S):
        scene.engine.kills += 1
    else:
        scene.notes.append(f"{given['point']} was not reached")
        scene.engine.kill()
    scene.engine.start()
    yield


def _draw(rng: Random) -> dict[str, str]:
    point = rng.choice(POINTS)
    return {"point": point, "nth": str(rng.randint(1, 1 if point in _RARE else 3))}


FAULT = Fault(
    "kill-at", "the engine is killed at a named place of an epoch", _inject, draw=_draw, weight=4
)
