"""A partition of the input gets nothing for a while: windows wait for it, and all come after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from tidemill.control.chaos.fault import WINDOWS, Fault, Given
from tidemill.control.chaos.reference.feed import ReferenceFeed
from tidemill.control.chaos.scene import Scene


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    assert isinstance(scene.feed, ReferenceFeed)
    scene.feed.quiet = int(given["of"])
    try:
        yield
    finally:
        scene.feed.quiet = None


def _draw(rng: Random) -> dict[str, str]:
    return {"of": str(rng.randrange(2))}


FAULT = Fault(
    "idle-partition", "a partition of the input gets nothing for a while", _inject,
    hold_s=(2.0, 6.0), draw=_draw, pipelines=(WINDOWS,),
)  # fmt: skip
