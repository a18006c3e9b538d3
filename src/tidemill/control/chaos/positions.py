"""Where the pipeline's checkpoints stand: what they say may never go back."""

from __future__ import annotations

from collections.abc import Mapping

from tidemill.control.chaos.model import Broken
from tidemill.engine.checkpoint import CheckpointStore, DamagedError


class Positions:
    """Positions of the one source of a pipeline, by partition."""

    def __init__(self, store: CheckpointStore) -> None:
        self._store = store
        self.last: dict[int, int] = {}

    def gone_back(self) -> list[Broken]:
        """Look again; what went back since the last look, of epochs that are decided for sure."""
        now = self._of(-2)
        broken = [
            Broken("order", f"the position of partition {part} went from {was} to {now[part]}")
            for part, was in self.last.items()
            if now.get(part, was) < was
        ]
        self.last.update(now)
        return broken

    def reached(self, ends: Mapping[int, int]) -> bool:
        """Whether all that was fed is in the newest checkpoint."""
        now = self._of(-1)
        return all(now.get(part, 0) >= end for part, end in ends.items())

    def _of(self, place: int) -> dict[int, int]:
        """Of the newest checkpoint (-1), or the one before it, which surely was decided (-2)."""
        epochs = self._store.epochs()
        if len(epochs) < -place:
            return {}
        try:
            manifest = self._store.manifest(epochs[place])
        except DamagedError:  # it was removed a moment ago
            return {}
        found: dict[int, int] = {}
        for positions in manifest["positions"].values():
            found.update({int(name): int(position) for name, position in positions.items()})
        return found
