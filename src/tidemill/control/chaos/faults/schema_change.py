"""Records have another schema: a new column, one missing, another order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from tidemill.control.chaos.fault import Fault, Given
from tidemill.control.chaos.scene import Scene


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    scene.feed.turn("schema", int(given["records"]))
    yield


def _draw(rng: Random) -> dict[str, str]:
    return {"records": str(rng.randint(50, 500))}


FAULT = Fault(
    "schema-change",
    "records gain, lose and reorder columns",
    _inject,
    hold_s=(0.2, 1.0),
    draw=_draw,
    built_in=True,
)
