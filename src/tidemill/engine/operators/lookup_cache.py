"""The cache of a lookup join: rows by key, as Arrow; nothing of it is in a checkpoint.

Guarantees: never more rows than `rows_max` after a batch (the longest unused keys go); a key is
asked for again when its time has passed; that a key has no rows is kept too, where that is wished.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tidemill.engine.kernel import Kernel
from tidemill.engine.state.hash_index import EMPTY, Ids
from tidemill.engine.state.keyed import KeyedState
from tidemill.interfaces.lookup import LookupCaching

THERE = "$there"
"""Whether a cached row is one, or says that its key has none."""


class LookupCache:
    """Rows by key; compute thread only. `keys` and `columns` name what `schema` holds."""

    def __init__(
        self, caching: LookupCaching, kernel: Kernel, name: str, schema: pa.Schema, keys: list[str]
    ) -> None:
        self._caching = caching
        self._keys = keys
        whole = schema.append(pa.field(THERE, pa.bool_()))
        self._state = KeyedState(kernel, f"{name}c", whole, keys)
        self._written: Ids = np.zeros(0, np.int64)
        self._used: Ids = np.zeros(0, np.int64)

    def find(self, keys: pa.Table, now_ms: int) -> Ids:
        """The entry of each (different) key; EMPTY where it has to be asked for."""
        ids = self._state.find(keys)
        known = ids[ids != EMPTY]
        old = np.zeros(len(known), np.bool_)
        if self._caching.expire_after_write_ms is not None:
            old |= self._written[known] + self._caching.expire_after_write_ms <= now_ms
        if self._caching.expire_after_access_ms is not None:
            old |= self._used[known] + self._caching.expire_after_access_ms <= now_ms
        if old.any():
            self._state.remove(known[old])
            ids[np.isin(ids, known[old])] = EMPTY
        self._used[ids[ids != EMPTY]] = now_ms
        return ids

    def rows(self, ids: Ids) -> tuple[pa.Table, Ids]:
        """The cached rows of entries, and for each the index in `ids`; keys without rows give none.

        Columns as `schema`.
        """
        rows, owners = self._state.take(ids)
        there = rows.column(THERE).to_numpy(zero_copy_only=False).astype(np.bool_)
        return rows.drop_columns([THERE]).filter(pa.array(there)), owners[there]

    def put(self, keys: pa.Table, rows: pa.Table, owners: Ids, now_ms: int) -> None:
        """Keep what was found for (different) keys that are not there.

        `owners` are the places in `keys` of the rows, in order.
        """
        sizes = np.bincount(owners, minlength=keys.num_rows).astype(np.int64)
        missing = np.flatnonzero(sizes == 0)
        there = rows.append_column(THERE, pa.array(np.ones(rows.num_rows, np.bool_)))
        if self._caching.missing_keys and len(missing):
            none = _without_rows(keys.take(pa.array(missing)), self._state.schema)
            there = pa.concat_tables([there.cast(self._state.schema), none])
            owners = np.concatenate([owners, missing])
            there = there.take(pa.array(np.argsort(owners, kind="stable")))
            sizes[missing] = 1
        kept = np.flatnonzero(sizes)
        if not len(kept):
            return
        chosen = keys.take(pa.array(kept))
        ids = self._state.add(self._state.hashes(chosen))
        self._state.put(ids, there, sizes[kept])
        self._written, self._used = _room(self._written, ids), _room(self._used, ids)
        self._written[ids] = self._used[ids] = now_ms

    def trim(self) -> None:
        """Forget the longest unused keys where there are too many rows."""
        rows_max = self._caching.rows_max
        if rows_max is not None and self._state.rows > rows_max:
            live = self._state.live()
            live = live[np.argsort(self._used[live], kind="stable")]
            _, owners = self._state.take(live)
            sizes = np.bincount(owners, minlength=len(live))
            surplus = np.searchsorted(np.cumsum(sizes), self._state.rows - rows_max) + 1
            self._state.remove(live[:surplus])
        kept = self._state.settle()
        if kept is not None:
            self._written, self._used = self._written[kept], self._used[kept]
        self._state.delta()  # nothing of a cache is kept across a crash


def _room(array: Ids, ids: Ids) -> Ids:
    size = int(ids.max()) + 1
    if size <= len(array):
        return array
    grown: npt.NDArray[np.int64] = np.zeros(max(size, 2 * len(array)), np.int64)
    grown[: len(array)] = array
    return grown


def _without_rows(keys: pa.Table, schema: pa.Schema) -> pa.Table:
    """Rows that say of keys that they have none."""
    count = keys.num_rows
    columns = [
        keys.column(field.name)
        if field.name in keys.column_names
        else pa.array(np.zeros(count, np.bool_))
        if field.name == THERE
        else pa.nulls(count, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)
