"""Keyed state: rows by key, as Arrow, for a whole batch of keys at a time.

A key owns a block of rows (most often one). Rows lie in a log; an index leads from the key's hash
to its newest block, and what newer blocks have replaced is swept out when it outweighs the rest.

Guarantees: keys are compared, never only their hashes; NULLs are equal, as GROUP BY has it. A
delta holds what changed since the last one, a base everything; a restored state answers as the
saved one did. Numbers of entries (ids) are good until the next `settle`. Compute thread only.

Cost: about 45 bytes a key over the rows' own, up to twice that between two sweeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlglot import exp

from tidemill.engine.kernel import Kernel
from tidemill.engine.state.hash_index import EMPTY, Hashes, HashIndex, Ids
from tidemill.engine.state.row_log import RowLog
from tidemill.interfaces.operator import StateDelta

_SWEEP_ROWS_MIN = 50_000
_FILE_ROWS = 2_000
"""What reading one more checkpoint file costs at a restore, in rows."""
BLOCK = "$block"
TOUCHED = "$touched"

Mask = npt.NDArray[np.bool_]


class KeyedState:
    """Blocks of rows by key. `keys` are columns of `schema`, perhaps none (then one key is all)."""

    def __init__(
        self,
        kernel: Kernel,
        name: str,
        schema: pa.Schema,
        keys: Sequence[str],
        ttl_ms: int = 0,
        deltas_max: int = 64,
    ) -> None:
        self.schema = schema
        self.keys = tuple(keys)
        self.ttl_ms = ttl_ms
        self._kernel = kernel
        self._name = name
        self._deltas_max = deltas_max
        self._key_schema = pa.schema([schema.field(key) for key in keys])
        self._hash_query, self._same_query = _queries(name, self.keys)
        self._reset()
        self._deltas = self._delta_rows = 0

    def _reset(self) -> None:
        self._index = HashIndex()
        self._log = RowLog(self.schema, self._kernel.memory)
        self._first: Ids = np.zeros(0, np.int64)
        self._size: npt.NDArray[np.int32] = np.zeros(0, np.int32)
        self._touched: Ids = np.zeros(0, np.int64)
        self._live = self._live_rows = 0
        self._dirty: list[Ids] = []
        self._gone: list[pa.Table] = []

    def __len__(self) -> int:
        return self._live

    @property
    def rows(self) -> int:
        """Rows of all keys."""
        return self._live_rows

    def state_bytes(self) -> int:
        """Size in bytes."""
        arrays = self._first.nbytes + self._size.nbytes + self._touched.nbytes
        return int(self._index.nbytes + self._log.nbytes + arrays)

    # -- keys

    def hashes(self, keys: pa.Table) -> Hashes:
        """The hashes of keys."""
        if not self.keys:
            return np.zeros(keys.num_rows, np.uint64)
        made = self._kernel.run(self._hash_query, f"{self._name}_keys", keys.select(self.keys))
        hashes: Hashes = made.column(0).to_numpy()
        return hashes

    def find(self, keys: pa.Table, hashes: Hashes | None = None) -> Ids:
        """The entry of each row's key; EMPTY where the key is not there."""
        hashes = self.hashes(keys) if hashes is None else hashes
        if not self._live:
            return np.full(len(hashes), EMPTY, np.int64)
        found, places = self._index.find(hashes, self._index.start(hashes))
        wrong = np.flatnonzero(found != EMPTY)
        while len(wrong):
            same = self._same(keys, wrong, found[wrong])
            wrong = wrong[~same]
            if len(wrong):
                found[wrong], places[wrong] = self._index.find(hashes[wrong], places[wrong] + 1)
                wrong = wrong[found[wrong] != EMPTY]
        return found

    def _same(self, keys: pa.Table, rows: Ids, ids: Ids) -> Mask:
        """Whether the keys of rows are those of live entries."""
        same: Mask = self._size[ids] > 0
        if not self.keys or not same.any():
            return same
        own = self._log.take(self._first[ids[same]]).select(self.keys)
        given = keys.select(self.keys)
        if len(rows) != given.num_rows or not same.all():
            given = given.take(pa.array(rows[same]))
        beside = pa.table(
            [*given.columns, *own.columns],
            names=[f"{side}{i}" for side in "ab" for i in range(len(self.keys))],
        )
        equal = self._kernel.run(self._same_query, f"{self._name}_pairs", beside)
        same[same] = equal.column(0).to_numpy()
        return same

    def add(self, hashes: Hashes) -> Ids:
        """Entries for new keys, which must differ from each other; `put` must follow."""
        ids = self._index.add(hashes)
        self._first = _grown(self._first, len(self._index))
        self._size = _grown(self._size, len(self._index))
        if self.ttl_ms:
            self._touched = _grown(self._touched, len(self._index))
        return ids

    # -- rows

    def take(self, ids: Ids) -> tuple[pa.Table, Ids]:
        """The rows of entries, block by block, and for each row the index in `ids`."""
        positions, owners = self._positions(ids)
        return self._log.take(positions), owners

    def _positions(self, ids: Ids) -> tuple[Ids, Ids]:
        """Where the rows of entries lie, and for each row the index in `ids`."""
        sizes = self._size[ids]
        owners = np.arange(len(ids), dtype=np.int64)
        positions = self._first[ids]
        if (sizes != 1).any():
            owners = np.repeat(owners, sizes)
            before = np.cumsum(sizes) - sizes
            positions = positions[owners] + np.arange(len(owners)) - before[owners]
        return positions, owners

    def put(self, ids: Ids, rows: pa.Table, sizes: Ids | None = None, now_ms: int = 0) -> None:
        """Replace the blocks of (different) entries; `sizes` None: one row each, else above 0."""
        given = np.ones(len(ids), np.int64) if sizes is None else sizes
        start = self._log.append(rows.cast(self.schema) if rows.schema != self.schema else rows)
        old = self._size[ids]
        self._live += int((old == 0).sum())
        self._live_rows += rows.num_rows - int(old.sum())
        self._first[ids] = start + np.cumsum(given) - given
        self._size[ids] = given
        if self.ttl_ms:
            self._touched[ids] = now_ms
        self._dirty.append(ids)

    def remove(self, ids: Ids) -> None:
        """Forget the keys of (different, live) entries."""
        if not len(ids):
            return
        keys = self._log.take(self._first[ids]).select(self.keys)
        self._gone.append(_with_rows(keys, len(ids)))
        self._live -= len(ids)
        self._live_rows -= int(self._size[ids].sum())
        self._size[ids] = 0

    def expired(self, now_ms: int, ids: Ids | None = None) -> Ids:
        """Which of the entries (None: of all) have outlived `ttl_ms`."""
        if not self.ttl_ms:
            return np.zeros(0, np.int64)
        if ids is None:
            ids = self.live()
        return ids[self._touched[ids] + self.ttl_ms <= now_ms]

    def live(self) -> Ids:
        """All entries."""
        return np.flatnonzero(self._size[: len(self._index)])

    def there(self, ids: Ids) -> Mask:
        """Which of the entries are live."""
        mask: Mask = self._size[ids] > 0
        return mask

    def settle(self) -> Ids | None:
        """Sweep out what has been replaced, where it outweighs the rest.

        Where entries got new numbers: their old ones, in the order of the new.
        """
        kept = None
        if len(self._index) - self._live > max(_SWEEP_ROWS_MIN, self._live):
            kept = self._renumber()
        if len(self._log) - self._live_rows > max(_SWEEP_ROWS_MIN, self._live_rows):
            self._sweep()
        return kept

    def _sweep(self) -> None:
        live = self.live()
        swept = RowLog(self.schema, self._kernel.memory)
        for rows in self._log.pieces(self._positions(live)[0]):
            swept.append(rows)
        self._log = swept
        sizes = self._size[live].astype(np.int64)
        self._first[live] = np.cumsum(sizes) - sizes

    def _renumber(self) -> Ids:
        live = self.live()
        dirty = np.zeros(len(self._index), np.bool_)
        for ids in self._dirty:
            dirty[ids] = True
        hashes = self._index.hashes(live)
        first, size = self._first[live], self._size[live]
        touched = self._touched[live] if self.ttl_ms else self._touched
        self._index = HashIndex()
        self._index.add(hashes)
        self._first, self._size, self._touched = first, size, touched
        self._dirty = [np.flatnonzero(dirty[live])]
        return live

    # -- checkpoints

    def delta(self, meta: dict[str, str] | None = None) -> StateDelta | None:
        """What changed since the last call; now and then everything."""
        if not self._dirty and not self._gone:
            return None
        changed = self._changed()
        gone = sum(table.num_rows for table in self._gone)
        self._deltas += 1
        self._delta_rows += int(self._size[changed].sum()) + gone
        cost = self._delta_rows + self._deltas * _FILE_ROWS
        base = self._deltas > self._deltas_max and cost > self._live_rows
        if base:
            return self.whole(meta)
        tables = {"rows": self._saved(changed)}
        if self._gone:
            tables["gone"] = pa.concat_tables(self._gone)
        self._dirty, self._gone = [], []
        return StateDelta(False, tables, meta or {})

    def whole(self, meta: dict[str, str] | None = None) -> StateDelta:
        """Everything, as a base."""
        self._deltas = self._delta_rows = 0
        self._dirty, self._gone = [], []
        return StateDelta(True, {"rows": self._saved(self.live())}, meta or {})

    def _changed(self) -> Ids:
        """The live entries that were put since the last delta."""
        dirty = np.zeros(len(self._index), np.bool_)
        for ids in self._dirty:
            dirty[ids] = True
        return np.flatnonzero(dirty & (self._size[: len(dirty)] > 0))

    def _saved(self, ids: Ids) -> pa.Table:
        positions, owners = self._positions(ids)
        rows = pa.concat_tables(self._log.pieces(positions))
        if (self._size[ids] != 1).any():
            rows = rows.append_column(BLOCK, pa.array(owners))
        if self.ttl_ms:
            rows = rows.append_column(TOUCHED, pa.array(self._touched[ids][owners]))
        return rows

    def restore(self, deltas: Sequence[StateDelta]) -> None:
        """Rebuild from a base and the deltas after it."""
        for delta in deltas:
            if delta.base:
                self._reset()
                self._deltas = self._delta_rows = 0
            if "gone" in delta.tables:
                gone = self.find(delta.tables["gone"])
                self.remove(np.unique(gone[gone != EMPTY]))
            self._load(delta.tables["rows"])
            self._deltas += not delta.base
            self._delta_rows += 0 if delta.base else delta.tables["rows"].num_rows
            self._dirty, self._gone = [], []
            self.settle()

    def _load(self, rows: pa.Table) -> None:
        if not rows.num_rows:
            return
        count = rows.num_rows
        firsts, sizes = np.arange(count), None
        if BLOCK in rows.column_names:
            _, firsts, sizes = np.unique(
                rows.column(BLOCK).to_numpy(), return_index=True, return_counts=True
            )
        heads = rows if sizes is None else rows.take(pa.array(firsts))
        hashes = self.hashes(heads)
        ids = self.find(heads, hashes)
        new = ids == EMPTY
        ids[new] = self.add(hashes[new])
        self.put(ids, rows.select(self.schema.names), sizes)
        if self.ttl_ms and TOUCHED in rows.column_names:
            self._touched[ids] = heads.column(TOUCHED).to_numpy()


_Number = TypeVar("_Number", np.int64, np.int32)


def _grown(array: npt.NDArray[_Number], size: int) -> npt.NDArray[_Number]:
    """The array with room for at least `size`, zeros at the end."""
    if size <= len(array):
        return array
    grown = np.zeros(max(size, 2 * len(array), 1024), array.dtype)
    grown[: len(array)] = array
    return grown


def _with_rows(table: pa.Table, rows: int) -> pa.Table:
    """A table without columns cannot say how many rows it has: it gets a column that can."""
    return table if table.num_columns else pa.table({BLOCK: np.zeros(rows, np.int64)})


@lru_cache(maxsize=256)
def _queries(name: str, keys: tuple[str, ...]) -> tuple[str, str]:
    """How keys are hashed, and compared; a plan asks anew after each failure."""

    def quoted(part: str) -> exp.Expression:
        return exp.column(exp.to_identifier(part, quoted=True))

    def select(output: exp.Expr, relation: str) -> str:
        table = exp.Table(this=exp.to_identifier(relation, quoted=True))
        return exp.Select(expressions=[output]).from_(table).sql(dialect="duckdb")

    if not keys:
        return "", ""
    hashed = exp.Anonymous(this="hash", expressions=[quoted(key) for key in keys])
    same = exp.and_(
        *(
            exp.NullSafeEQ(this=quoted(f"a{i}"), expression=quoted(f"b{i}"))
            for i in range(len(keys))
        )
    )
    return select(hashed, f"{name}_keys"), select(same, f"{name}_pairs")
