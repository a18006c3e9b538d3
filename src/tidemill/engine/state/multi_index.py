"""An index from 64-bit codes to many positions each: sorted runs over numpy arrays.

A batch is a run; neighbouring runs of similar size are merged, so that there are only a few. Every
operation works on a whole batch. Where a code is a hash, its caller compares keys. Compute thread
only.

Cost: 16 bytes a position; a search is a binary search in each run.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]


class MultiIndex:
    """Positions by code; a code may have any number of them."""

    def __init__(self) -> None:
        self._runs: list[tuple[Int64s, Int64s]] = []

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return sum(codes.nbytes + positions.nbytes for codes, positions in self._runs)

    def add(self, codes: Int64s, positions: Int64s) -> None:
        """Enter positions under their codes."""
        if not len(codes):
            return
        order = np.argsort(codes, kind="stable")
        self._runs.append((codes[order], positions[order]))
        count, size = 1, len(codes)
        while count < len(self._runs) and size * 2 >= len(self._runs[-count - 1][0]):
            count += 1
            size += len(self._runs[-count][0])
        if count > 1:
            merged_codes = np.concatenate([codes for codes, _ in self._runs[-count:]])
            merged = np.concatenate([positions for _, positions in self._runs[-count:]])
            order = np.argsort(merged_codes, kind="stable")  # runs are merged, not sorted anew
            self._runs[-count:] = [(merged_codes[order], merged[order])]

    def find(self, codes: Int64s) -> tuple[Int64s, Int64s]:
        """All positions under each code: the index in `codes`, and the position."""
        order = np.argsort(codes, kind="stable")  # searching in order is kind to the caches
        wanted = codes[order]
        owners, found = [], []
        for run, positions in self._runs:
            low = np.searchsorted(run, wanted, "left")
            sizes = np.searchsorted(run, wanted, "right") - low
            total = int(sizes.sum())
            if not total:
                continue
            owner = np.repeat(np.arange(len(wanted)), sizes)
            before = np.cumsum(sizes) - sizes
            owners.append(order[owner])
            found.append(positions[low[owner] + np.arange(total) - before[owner]])
        if not owners:
            nothing = np.zeros(0, np.int64)
            return nothing, nothing
        return np.concatenate(owners), np.concatenate(found)

    def counts(self, codes: Int64s) -> Int64s:
        """How many positions each code has."""
        total = np.zeros(len(codes), np.int64)
        for run, _ in self._runs:
            total += np.searchsorted(run, codes, "right") - np.searchsorted(run, codes, "left")
        return total

    def renumber(self, places: Int64s) -> None:
        """Position p becomes `places[p]`; those with a negative one are forgotten."""
        runs = []
        for codes, positions in self._runs:
            moved = places[positions]
            kept = moved >= 0
            if kept.any():
                runs.append((codes[kept], moved[kept]))
        self._runs = runs
