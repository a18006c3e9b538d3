"""An index from 64-bit hashes to entry numbers: open addressing over numpy arrays.

Every operation works on a whole batch. The index does not know keys: `find` gives the entries with
the same hash one after the other, and its caller compares keys. Compute thread only.

Cost: 12 to 24 bytes an entry.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

EMPTY = -1
_SLOTS_MIN = 1024


class HashIndex:
    """Entries are numbered from 0 in the order in which they are added."""

    def __init__(self) -> None:
        self._slots = np.full(_SLOTS_MIN, EMPTY, np.int32)
        self._hashes: Hashes = np.zeros(_SLOTS_MIN // 2, np.uint64)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return int(self._slots.nbytes + self._hashes.nbytes)

    def start(self, hashes: Hashes) -> Ids:
        """The slots at which to begin the search for these hashes."""
        return (hashes & np.uint64(len(self._slots) - 1)).astype(np.int64)

    def find(self, hashes: Hashes, places: Ids) -> tuple[Ids, Ids]:
        """From each place on, the next entry with the same hash (or EMPTY) and its place."""
        mask = len(self._slots) - 1
        found = np.full(len(hashes), EMPTY, np.int64)
        places = places & mask
        open_ = np.arange(len(hashes))
        while len(open_):
            ids = self._slots[places[open_]].astype(np.int64)
            taken = ids != EMPTY
            open_, ids = open_[taken], ids[taken]
            same = self._hashes[ids] == hashes[open_]
            found[open_[same]] = ids[same]
            open_ = open_[~same]
            places[open_] = (places[open_] + 1) & mask
        return found, places

    def add(self, hashes: Hashes) -> Ids:
        """New entries for these hashes; their numbers."""
        ids = np.arange(self._count, self._count + len(hashes), dtype=np.int64)
        total = self._count + len(hashes)
        if total > len(self._hashes):
            self._grow(total)
        self._hashes[self._count : total] = hashes
        self._count = total
        self._enter(ids)
        return ids

    def hashes(self, ids: Ids) -> Hashes:
        """The hashes of entries."""
        return self._hashes[ids]

    def _grow(self, entries: int) -> None:
        size = len(self._slots)
        while size < entries * 2:
            size *= 2
        hashes = np.zeros(size // 2, np.uint64)
        hashes[: self._count] = self._hashes[: self._count]
        self._hashes = hashes
        self._slots = np.full(size, EMPTY, np.int32)
        self._enter(np.arange(self._count, dtype=np.int64))

    def _enter(self, ids: Ids) -> None:
        mask = len(self._slots) - 1
        places = self.start(self._hashes[ids])
        while len(ids):
            free = self._slots[places] == EMPTY
            self._slots[places[free]] = ids[free]
            waiting = self._slots[places] != ids  # another one was faster, or the slot was taken
            ids, places = ids[waiting], (places[waiting] + 1) & mask
