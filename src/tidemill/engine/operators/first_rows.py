"""Deduplication that keeps the first row by event time: append-only.

A partition's row waits until the watermark has reached its event time; then it comes out, and all
later ones of its partition are dropped. Late rows have been taken out before.

Guarantees: of the rows that were not late, the one with the least event time comes out, among
equals the one that arrived first. `table.exec.state.ttl` forgets partitions that came out, never
rows that wait.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from tidemill.engine.clock import Clock
from tidemill.engine.kernel import Kernel
from tidemill.engine.operators.ranked import ranked_batch, ranked_rows
from tidemill.engine.state.hash_index import EMPTY, Ids
from tidemill.engine.state.keyed import KeyedState
from tidemill.engine.state.several import delta_of, restore_all
from tidemill.interfaces.operator import StateDelta
from tidemill.plan.operators.rank import RankStage
from tidemill.plan.ranks import GROUP, HEAD, SEQUENCE, TIME
from tidemill.plan.windows import MAX_WATERMARK_US


class FirstRows:
    """The waiting rows, and the partitions that have come out; compute thread only."""

    def __init__(
        self, stage: RankStage, kernel: Kernel, rows: pa.Schema, clock: Clock, deltas_max: int = 64
    ) -> None:
        """`rows` is the schema that the edges' queries give."""
        self.stage = stage
        self._kernel = kernel
        self._clock = clock
        schema = pa.schema([*rows, pa.field(SEQUENCE, pa.int64())])
        keys = pa.schema([rows.field(name) for name in stage.partition])
        self._waiting = KeyedState(kernel, stage.id, schema, stage.partition, 0, deltas_max)
        if not stage.partition:
            keys = pa.schema([pa.field(SEQUENCE, pa.int64())])
        self._done = KeyedState(kernel, stage.id, keys, stage.partition, stage.ttl_ms, deltas_max)
        self._states = {"waiting": self._waiting, "done": self._done}
        self._next = 0
        self._first_us = MAX_WATERMARK_US

    @property
    def first_us(self) -> int:
        """The least event time that waits, MAX_WATERMARK_US where none does; from any thread."""
        return self._first_us

    def add(self, rows: pa.Table) -> list[pa.Table]:
        """Take rows; nothing comes out yet."""
        count = rows.num_rows
        if not count:
            return []
        arrived = pa.array(np.arange(self._next, self._next + count))
        self._next += count
        numbered = rows.append_column(SEQUENCE, arrived)
        batch = ranked_batch(self._kernel, self.stage, numbered).drop_columns([HEAD])
        hashes = self._waiting.hashes(batch)
        fresh = self._find_done(batch, hashes) == EMPTY
        batch, hashes = batch.filter(pa.array(fresh)), hashes[fresh]
        if not batch.num_rows:
            return []
        ids = self._waiting.find(batch, hashes)
        known = np.flatnonzero(ids != EMPTY)
        before, _ = self._waiting.take(ids[known])
        names = [*self._waiting.schema.names, GROUP]
        table = pa.concat_tables(
            [
                before.append_column(GROUP, pa.array(known)).select(names),
                batch.append_column(GROUP, pa.array(np.arange(len(ids)))).select(names),
            ]
        )
        after = ranked_rows(self._kernel, self.stage, table)
        new = np.flatnonzero(ids == EMPTY)
        ids[new] = self._waiting.add(hashes[new])
        self._waiting.put(ids, after.select(self._waiting.schema.names))
        self._waiting.settle()
        self._first_us = min(self._first_us, int(after.column(TIME).to_numpy().min()))
        return []

    def _find_done(self, batch: pa.Table, hashes: np.ndarray) -> Ids:
        ids = self._done.find(batch, hashes)
        old = self._done.expired(self._clock.now_ms(), ids[ids != EMPTY])
        if len(old):
            ids[np.isin(ids, old)] = EMPTY
            self._done.remove(old)
        return ids

    def advance(self, watermark_us: int) -> list[pa.Table]:
        """The rows that event time has reached, by time."""
        if watermark_us < self._first_us:
            return []
        live = self._waiting.live()
        rows, _ = self._waiting.take(live)
        times = rows.column(TIME).to_numpy()
        ripe = times <= watermark_us
        self._first_us = int(times[~ripe].min(initial=MAX_WATERMARK_US))
        if not ripe.any():
            return []
        self._waiting.remove(live[ripe])
        out = rows.filter(pa.array(ripe))
        arrival = out.column(SEQUENCE).to_numpy()
        out = out.take(pa.array(np.lexsort([arrival, times[ripe]])))
        ids = self._done.add(self._done.hashes(out))
        self._done.put(ids, out.select(self._done.schema.names), None, self._clock.now_ms())
        self._waiting.settle()
        self._done.settle()
        names = self.stage.schema.names
        number = pa.array(np.ones(out.num_rows, np.int64))
        shown = pa.table([*out.select(names[:-1]).columns, number], names=names)
        return [shown.cast(self.stage.schema)]

    def delta(self) -> StateDelta | None:
        """What changed since the last delta."""
        return delta_of(self._states, {"next": str(self._next)})

    def restore(self, deltas: Sequence[StateDelta]) -> None:
        """Rebuild the state from a base and the deltas after it."""
        restore_all(self._states, deltas)
        if deltas:
            self._next = int(deltas[-1].meta["next"])
        rows, _ = self._waiting.take(self._waiting.live())
        self._first_us = int(rows.column(TIME).to_numpy().min(initial=MAX_WATERMARK_US))

    def state_bytes(self) -> int:
        """Size of the state in bytes."""
        return self._waiting.state_bytes() + self._done.state_bytes()
