"""The connector is deleted and, while rows are written, registered again from its file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tidemill.control.chaos.fault import CDC, Fault, Given
from tidemill.control.chaos.scene import Scene


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    """It goes on where it stood: Connect keeps its offsets, and Postgres the slot."""
    scene.captured.insist(scene.captured.delete)
    yield
    scene.captured.insist(scene.captured.register)


FAULT = Fault(
    "delete-connector", "the connector is deleted, and registered again", _inject,
    hold_s=(0.0, 4.0), pipelines=(CDC,),
)  # fmt: skip
