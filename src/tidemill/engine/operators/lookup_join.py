"""A lookup join: the rows of a table for the keys of a batch, asked for once per different key.

Guarantees: each different key of a batch goes to the connector once at most, all of them in one
call; a key with a NULL in it has no rows. What was looked up is not looked up again when a batch
is read anew after a crash would find other rows by then: a lookup join is as repeatable as its
table.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from tidemill.engine.clock import Clock
from tidemill.engine.counters import Counters
from tidemill.engine.kernel import Kernel
from tidemill.engine.operators.lookup_cache import LookupCache
from tidemill.engine.state.hash_index import EMPTY, Ids
from tidemill.interfaces.lookup import Lookup
from tidemill.plan.operators.lookup_join import LookupJoinStage


class LookupJoin:
    """Finds the rows of keys, in the cache or through the connector; compute thread only."""

    def __init__(
        self,
        stage: LookupJoinStage,
        kernel: Kernel,
        keys: pa.Schema,
        lookup: Callable[[], Lookup],
        clock: Clock,
        counters: Counters,
    ) -> None:
        """`keys` is the schema of the key columns; `lookup` gives the open connector's reader."""
        self.stage = stage
        self._lookup = lookup
        self._clock = clock
        self._counters = counters
        self._keys = keys
        columns = stage.table.schema.columns
        self._columns = pa.schema([(f"v{i}", c.type.arrow()) for i, c in enumerate(columns)])
        self._cache: LookupCache | None = None
        if stage.caching is not None:
            whole = pa.schema([*keys, *self._columns])
            self._cache = LookupCache(stage.caching, kernel, stage.id, whole, list(stage.keys))

    def pairs(self, keys: pa.Table) -> tuple[Ids, Ids, pa.Table]:
        """For the keys of a batch's rows: which row meets which of the found rows.

        Gives the indexes of rows, ascending, and beside them those of the found rows.
        """
        group, unique = _different(keys)
        rows, owners = self._rows(unique)
        if self._cache is not None:
            self._cache.trim()
        order = np.argsort(owners, kind="stable")
        sizes = np.bincount(owners, minlength=unique.num_rows)
        starts = np.cumsum(sizes) - sizes
        known = np.flatnonzero(group >= 0)
        counts = sizes[group[known]]
        left = np.repeat(known, counts)
        within = np.arange(len(left)) - np.repeat(np.cumsum(counts) - counts, counts)
        right = order[np.repeat(starts[group[known]], counts) + within]
        return left, right, rows.select(self._columns.names)

    def _rows(self, keys: pa.Table) -> tuple[pa.Table, Ids]:
        """The rows of different keys, and for each the place of its key."""
        if self._cache is None:
            self._counters.add(f"{self.stage.id}.lookup_misses", keys.num_rows)
            return self._asked(keys)
        now_ms = self._clock.now_ms()
        ids = self._cache.find(keys, now_ms)
        hits, misses = np.flatnonzero(ids != EMPTY), np.flatnonzero(ids == EMPTY)
        self._counters.add(f"{self.stage.id}.lookup_hits", len(hits))
        self._counters.add(f"{self.stage.id}.lookup_misses", len(misses))
        cached, of = self._cache.rows(ids[hits])
        fresh, owners = self._asked(keys.take(pa.array(misses)))
        if len(misses):
            self._cache.put(keys.take(pa.array(misses)), fresh, owners, now_ms)
        return pa.concat_tables([cached, fresh]), np.concatenate([hits[of], misses[owners]])

    def _asked(self, keys: pa.Table) -> tuple[pa.Table, Ids]:
        """What the connector says of keys; those without rows again, as the hint wishes."""
        rows, owners = self._fetch(keys)
        retry = self.stage.retry
        for _ in range(0 if retry is None else retry.attempts):
            assert retry is not None
            missing = np.setdiff1d(np.arange(keys.num_rows), owners)
            if not len(missing):
                break
            time.sleep(retry.delay_ms / 1000)
            more, of = self._fetch(keys.take(pa.array(missing)))
            rows = pa.concat_tables([rows, more])
            owners = np.concatenate([owners, missing[of]])
        order = np.argsort(owners, kind="stable")
        return rows.take(pa.array(order)), owners[order]

    def _fetch(self, keys: pa.Table) -> tuple[pa.Table, Ids]:
        whole = pa.schema([*self._keys, *self._columns])
        if not keys.num_rows:
            return whole.empty_table(), np.zeros(0, np.int64)
        names = list(self.stage.key_columns)
        asked = pa.RecordBatch.from_arrays(
            [pa.concat_arrays(c.chunks) for c in keys.columns], names=names
        )
        found = self._lookup().fetch(asked)
        columns = [
            c if c.type == field.type else c.cast(field.type)
            for c, field in zip(found.columns, whole, strict=True)
        ]
        rows = pa.table(columns, schema=whole)
        return rows, _places(rows.select(self._keys.names), keys)


def _places(rows: pa.Table, keys: pa.Table) -> Ids:
    """The place in `keys`, which differ and have no NULL, of each row's key."""
    given = keys.num_rows
    group, known = _numbered(pa.concat_tables([keys, rows.cast(keys.schema)]))
    place = np.full(known, -1, np.int64)
    place[group[:given]] = np.arange(given)
    places: Ids = place[group[given:]]
    known_all = (group >= 0).all() and (places >= 0).all()
    assert known_all, "a lookup gave rows of keys that nobody asked for"
    return places


def _different(keys: pa.Table) -> tuple[Ids, pa.Table]:
    """For each row the number of its key, -1 where a part of it is NULL; and the different keys."""
    group, known = _numbered(keys)
    there = np.flatnonzero(group >= 0)
    first = np.zeros(known, np.int64)
    first[group[there[::-1]]] = there[::-1]  # the last one written is the first of the key
    return group, keys.take(pa.array(first))


def _numbered(keys: pa.Table) -> tuple[Ids, int]:
    """For each row the number of its key, -1 where a part of it is NULL; and how many there are.

    Keys are numbered as they come first, by hash: sorting them cost more than the rest of the join.
    """
    group, known = _codes(keys.column(0))
    for column in keys.columns[1:]:
        codes, count = _codes(column)
        both = np.where((group < 0) | (codes < 0), -1, group * count + codes)
        group, known = _codes(pa.chunked_array([pa.array(both, mask=both < 0)]))
    return group, known


def _codes(column: pa.ChunkedArray) -> tuple[Ids, int]:
    """For each row the number of its value, -1 for NULL; and how many values there are."""
    encoded = column.dictionary_encode()
    if not encoded.num_chunks:
        return np.zeros(0, np.int64), 0
    # All chunks have the same dictionary.
    indices = pa.chunked_array([chunk.indices for chunk in encoded.chunks])
    codes = indices.fill_null(-1).to_numpy().astype(np.int64)
    return codes, len(encoded.chunk(0).dictionary)
