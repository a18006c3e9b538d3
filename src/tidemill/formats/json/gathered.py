"""What a sequence of messages became, before it is Arrow."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from tidemill.interfaces.format import Reject

Origin: TypeAlias = "np.ndarray[Any, np.dtype[np.int32]]"


class Gathered:
    """Carriers of rows with the messages they came from, and what became of the others."""

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self.rejects: dict[int, Reject] = {}
        self.skipped = 0
        self._runs: list[tuple[int, int, bool]] = []
        self._origin: Origin | None = None
        self.plain = True

    def run(self, first: int, count: int) -> None:
        """Each of `count` messages from `first` gave one row."""
        if count:
            self._runs.append((first, count, True))

    def one(self, index: int, count: int) -> None:
        """One message gave `count` rows."""
        self.plain = self.plain and count == 1
        if count:
            self._runs.append((index, count, False))

    def reject(self, index: int, code: str, message: str) -> None:
        """One message gave no row but an error."""
        self.plain = False
        self.rejects.setdefault(index, Reject(index, code, message))

    def skip(self) -> None:
        """One message means no row."""
        self.plain = False
        self.skipped += 1

    def regrouped(self, origin: Origin) -> Gathered:
        """The same rejects and skips with other rows, which came from the messages `origin`."""
        other = Gathered()
        other.rejects, other.skipped, other.plain = self.rejects, self.skipped, False
        other._origin = origin
        return other

    def skip_unless_rows(self, index: int) -> None:
        """Count a message as skipped if it gave no row."""
        if not (self.origin() == index).any():
            self.skip()

    def origin(self) -> Origin:
        """The message index of each row."""
        if self._origin is not None:
            return self._origin
        if not self._runs:
            return np.empty(0, np.int32)
        parts = [
            np.arange(first, first + count, dtype=np.int32)
            if rising
            else np.full(count, first, np.int32)
            for first, count, rising in self._runs
        ]
        return np.concatenate(parts)
