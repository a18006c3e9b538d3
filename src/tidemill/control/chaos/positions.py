"""Where the pipeline's checkpoints stand: what they say may never go back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from tidemill.control.account import offset_of
from tidemill.control.chaos.model import Broken
from tidemill.engine.checkpoint import CheckpointStore, DamagedError

Place: TypeAlias = tuple[str, str]
"""A source table and one of its partitions."""


class Positions:
    """Offsets of a pipeline's Kafka sources, by table and partition."""

    def __init__(self, store: CheckpointStore) -> None:
        self._store = store
        self.last: dict[Place, int] = {}

    def gone_back(self) -> list[Broken]:
        """Look again; what went back since the last look, of epochs that are decided for sure."""
        now = self._of(-2)
        broken = [
            Broken("order", f"the position of {' '.join(place)} went from {was} to {now[place]}")
            for place, was in self.last.items()
            if now.get(place, was) < was
        ]
        self.last.update(now)
        return broken

    def reached(self, ends: Mapping[Place, int]) -> bool:
        """Whether all that was fed is in the newest checkpoint."""
        now = self._of(-1)
        return all(now.get(place, 0) >= end for place, end in ends.items())

    def _of(self, place: int) -> dict[Place, int]:
        """Of the newest checkpoint (-1), or the one before it, which surely was decided (-2)."""
        epochs = self._store.epochs()
        if len(epochs) < -place:
            return {}
        try:
            manifest = self._store.manifest(epochs[place])
        except DamagedError:  # it was removed a moment ago
            return {}
        found: dict[Place, int] = {}
        for table, positions in manifest["positions"].items():
            for name, position in positions.items():
                found[table, name] = offset_of(position)
        return found
