"""When entries of a keyed state are due, for a whole batch of entries at a time.

Entries are gathered in buckets of time, so that a moment that passes looks only at those that may
be due. An entry may stand in several buckets and come up more than once: its state says what is
really due. Not saved: it is made anew from the state. Compute thread only.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt

from tidemill.engine.state.hash_index import EMPTY, Ids

Times = npt.NDArray[np.int64]


class Timers:
    """Entry numbers by time; `bucket_us` is how finely they are told apart."""

    def __init__(self, bucket_us: int) -> None:
        self._bucket_us = max(bucket_us, 1)
        self._buckets: defaultdict[int, list[tuple[Times, Ids]]] = defaultdict(list)

    def add(self, times_us: Times, ids: Ids) -> None:
        """These entries are due at these times."""
        if not len(ids):
            return
        buckets = times_us // self._bucket_us
        order = np.argsort(buckets, kind="stable")
        times_us, ids, buckets = times_us[order], ids[order], buckets[order]
        starts = np.flatnonzero(np.concatenate([[True], buckets[1:] != buckets[:-1]]))
        for start, stop in zip(starts, [*starts[1:], len(ids)], strict=True):
            self._buckets[int(buckets[start])].append((times_us[start:stop], ids[start:stop]))

    def due(self, time_us: int) -> Ids:
        """The entries due at a time or before, which are taken out; each once, ascending."""
        found: list[Ids] = []
        for bucket in [b for b in self._buckets if b * self._bucket_us <= time_us]:
            for times_us, ids in self._buckets.pop(bucket):
                ripe = times_us <= time_us
                found.append(ids[ripe])
                if not ripe.all():
                    self._buckets[bucket].append((times_us[~ripe], ids[~ripe]))
        return np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)

    def first(self) -> int | None:
        """The first time there is."""
        filled = [
            bucket for bucket, parts in self._buckets.items() if any(len(t) for t, _ in parts)
        ]
        if not filled:
            return None
        return min(int(t.min()) for t, _ in self._buckets[min(filled)] if len(t))

    def renumber(self, kept: Ids) -> None:
        """Entries have new numbers: `kept` are the old ones in the order of the new."""
        if not self._buckets:
            return
        new = np.full(int(kept.max(initial=0)) + 1, EMPTY, np.int64)
        new[kept] = np.arange(len(kept))
        for bucket, parts in list(self._buckets.items()):
            moved = []
            for times_us, ids in parts:
                there = ids < len(new)
                there[there] = new[ids[there]] != EMPTY
                moved.append((times_us[there], new[ids[there]]))
            self._buckets[bucket] = moved

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return sum(t.nbytes + i.nbytes for parts in self._buckets.values() for t, i in parts)
