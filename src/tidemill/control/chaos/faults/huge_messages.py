"""Records as large as the broker takes, or with many headers, come in between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from tidemill.control.chaos.fault import WINDOWS, Fault, Given
from tidemill.control.chaos.reference.feed import ReferenceFeed
from tidemill.control.chaos.scene import Scene

_LIMIT = 16 << 20
"""What the broker takes, a whole batch with its one record."""
_SIZES = (1 << 20, 8 << 20, _LIMIT - 2_000)
"""The largest leaves room for its other columns, and for those that the output has more."""


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    assert isinstance(scene.feed, ReferenceFeed)
    scene.feed.huge = (int(given["bytes"]), int(given["headers"]))
    scene.feed.turn("huge", int(given["records"]))
    yield


def _draw(rng: Random) -> dict[str, str]:
    size = rng.choice((0, *_SIZES))
    headers = 0 if size == _SIZES[-1] else rng.choice((0, 10_000))
    return {"records": str(rng.randint(1, 3)), "bytes": str(size), "headers": str(headers)}


FAULT = Fault(
    "huge-messages", "records as large as the broker takes, or with many headers", _inject,
    hold_s=(0.5, 1.0), draw=_draw, pipelines=(WINDOWS,),
)  # fmt: skip
