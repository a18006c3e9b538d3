"""When rows came in, by epoch, so that their way is known when the epoch is complete."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

_TIMES_MAX = 1000
"""Reads of one epoch whose way is measured to the end; of more, the newest."""


class OnTheWay:
    """The times of reads, in milliseconds since 1970, by table."""

    def __init__(self) -> None:
        self._newest: dict[str, deque[int]] = {}
        self._committing: dict[int, dict[str, deque[int]]] = {}

    def came(self, table: str, ingested_at_ms: int | None) -> None:
        """Rows of a table came in with the epoch that is open."""
        if ingested_at_ms is not None:
            self._newest.setdefault(table, deque(maxlen=_TIMES_MAX)).append(ingested_at_ms)

    def cut(self, epoch: int) -> None:
        """The open epoch ends."""
        self._committing[epoch], self._newest = self._newest, {}

    def arrived(self, epoch: int) -> Mapping[str, deque[int]]:
        """The epoch is complete: what came in with it."""
        return self._committing.pop(epoch, {})
