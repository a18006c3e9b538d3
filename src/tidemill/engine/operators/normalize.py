"""An upsert source as a whole changelog: the last row of each key is kept.

Guarantees: what comes out is a legal changelog: +I for a new key, -U and +U side by side where its
row changed, -D with the row that was, in the order of arrival, whatever the batches. A delete of an
unknown key and an update that changes nothing give nothing. Keys not updated for
`table.exec.state.ttl` are forgotten without a trace.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from tidemill.engine.clock import Clock
from tidemill.engine.kernel import Kernel
from tidemill.engine.state.hash_index import EMPTY, Ids
from tidemill.engine.state.keyed import KeyedState
from tidemill.interfaces.operator import StateDelta
from tidemill.model import RowKind
from tidemill.plan.normalize import NormalizeStage
from tidemill.plan.physical import KIND
from tidemill.plan.ranks import HEAD, SEQUENCE


class Normalize:
    """The last row of each key; compute thread only."""

    def __init__(
        self, stage: NormalizeStage, kernel: Kernel, clock: Clock, deltas_max: int = 64
    ) -> None:
        self.stage = stage
        self._kernel = kernel
        self._clock = clock
        schema = pa.schema([field for field in stage.schema if field.name != KIND])
        self._state = KeyedState(
            kernel, stage.id, schema, stage.partition, stage.ttl_ms, deltas_max
        )

    def add(self, rows: pa.Table) -> list[pa.Table]:
        """Take upserts and deletes; gives what changed."""
        if not rows.num_rows:
            return []
        numbered = rows.append_column(SEQUENCE, pa.array(np.arange(rows.num_rows)))
        batch = self._kernel.run(self.stage.batch, f"{self.stage.id}_batch", numbered)
        count = batch.num_rows
        if not count:
            return []
        heads = batch.column(HEAD).to_numpy()
        starts = np.flatnonzero(np.concatenate([[True], heads[1:] != heads[:-1]]))
        new = batch.select(self._state.schema.names)
        keys = new.take(pa.array(starts))
        hashes = self._state.hashes(keys)
        ids = self._state.find(keys, hashes)
        now_ms = self._clock.now_ms() if self.stage.ttl_ms else 0
        self._expire(ids, now_ms)
        known = np.flatnonzero(ids != EMPTY)
        stored, _ = self._state.take(ids[known])
        there = batch.column(KIND).to_numpy() != RowKind.DELETE
        # the row before each change: the change before it, or for a key's first the stored row
        before = np.where(np.concatenate([[False], there[:-1]]), np.arange(count) - 1, -1)
        before[starts] = -1
        before[starts[known]] = count + np.arange(len(known))
        rows = pa.concat_tables([new, stored.cast(new.schema)])
        out = self._changes(rows, before, there, batch.column(SEQUENCE).to_numpy())
        self._store(new, there, np.append(starts[1:], count) - 1, hashes, ids, now_ms)
        return out

    def _changes(
        self, rows: pa.Table, before: Ids, there: np.ndarray, arrival: Ids
    ) -> list[pa.Table]:
        """Each change with the row before it (by its place in `rows`), in order of arrival."""
        was = before >= 0
        changed = was | there
        both = np.flatnonzero(was & there)
        changed[both] = self._differ(rows.take(pa.array(before[both])), rows.take(pa.array(both)))
        leaves, comes = np.flatnonzero(was & changed), np.flatnonzero(there & changed)
        change = np.concatenate([leaves, comes])
        if not len(change):
            return []
        is_new = np.repeat([False, True], [len(leaves), len(comes)])
        place = np.concatenate([before[leaves], comes])
        pair = (was & there)[change]
        kinds = np.where(
            is_new,
            np.where(pair, RowKind.UPDATE_AFTER, RowKind.INSERT),
            np.where(pair, RowKind.UPDATE_BEFORE, RowKind.DELETE),
        ).astype(np.int8)
        order = np.lexsort([is_new, arrival[change]])
        taken = rows.take(pa.array(place[order]))
        return [taken.append_column(KIND, pa.array(kinds[order])).cast(self.stage.schema)]

    def _differ(self, old: pa.Table, new: pa.Table) -> np.ndarray:
        beside = pa.table(
            [*old.columns, *new.columns],
            names=[f"{side}{i}" for side in "ab" for i in range(old.num_columns)],
        )
        made = self._kernel.run(self.stage.differ, f"{self.stage.id}_pairs", beside)
        differ: np.ndarray = made.column(0).to_numpy()
        return differ

    def _store(
        self, new: pa.Table, there: np.ndarray, last: Ids, hashes: np.ndarray, ids: Ids, now_ms: int
    ) -> None:
        """Keep the last row of each key; one that is deleted is forgotten."""
        stays = there[last]
        self._state.remove(ids[(ids != EMPTY) & ~stays])
        fresh = np.flatnonzero(stays & (ids == EMPTY))
        ids[fresh] = self._state.add(hashes[fresh])
        self._state.put(ids[stays], new.take(pa.array(last[stays])), None, now_ms)
        self._state.settle()

    def _expire(self, ids: Ids, now_ms: int) -> None:
        old = self._state.expired(now_ms, ids[ids != EMPTY])
        if len(old):
            ids[np.isin(ids, old)] = EMPTY
            self._state.remove(old)

    def delta(self) -> StateDelta | None:
        """What changed since the last delta."""
        return self._state.delta()

    def restore(self, deltas: Sequence[StateDelta]) -> None:
        """Rebuild the state from a base and the deltas after it."""
        self._state.restore(deltas)

    def state_bytes(self) -> int:
        """Size of the state in bytes."""
        return self._state.state_bytes()
