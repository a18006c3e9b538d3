"""OVER in order of time: aggregates of each row's frame, append-only.

By event time, rows wait until the watermark has reached them; then they come out in order of time,
and of arrival among equals. By processing time they come out at once. What is kept behind them is
what a later row's frame can reach: partials of all rows so far, the last rows, or those of the last
interval, which are forgotten when the watermark has left them behind.

Guarantees: any split into batches gives the same rows by event time (late ones have been taken out
before). Partitions not updated for `table.exec.state.ttl` are forgotten, never rows that wait.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tidemill.engine.clock import Clock
from tidemill.engine.kernel import Kernel
from tidemill.engine.state.hash_index import EMPTY, Ids
from tidemill.engine.state.keyed import KeyedState
from tidemill.engine.state.several import delta_of, restore_all
from tidemill.interfaces.operator import StateDelta
from tidemill.plan.operators.over import OverStage
from tidemill.plan.over import NEW, ROW_NUMBER
from tidemill.plan.over_calls import SIDE
from tidemill.plan.ranks import HEAD, SEQUENCE, TIME
from tidemill.plan.windows import MAX_WATERMARK_US, MIN_WATERMARK_US


class OverRows:
    """The rows that wait, and what frames need of those that are out; compute thread only."""

    def __init__(
        self, stage: OverStage, kernel: Kernel, rows: pa.Schema, clock: Clock, deltas_max: int = 64
    ) -> None:
        """`rows` is the schema that the edges' queries give."""
        self.stage = stage
        self._kernel = kernel
        self._clock = clock
        fields = [f for f in rows if f.name != TIME]
        fields += [pa.field(TIME, pa.int64()), pa.field(SEQUENCE, pa.int64())]
        self._rows = pa.schema(fields)
        self._waiting = KeyedState(
            kernel, f"{stage.id}_waiting", self._rows, [SEQUENCE], 0, deltas_max
        )
        self._kept = KeyedState(
            kernel, f"{stage.id}_kept", self._kept_schema(), stage.partition, stage.ttl_ms,
            deltas_max,
        )  # fmt: skip
        self._states = {"waiting": self._waiting, "kept": self._kept}
        self._next = 0
        self.first_us = MAX_WATERMARK_US
        """The least time of a row that waits."""
        self._swept_us = MIN_WATERMARK_US

    def _kept_schema(self) -> pa.Schema:
        stage = self.stage
        keys = [self._rows.field(name) for name in stage.partition]
        if stage.mode == "frame":
            names = [TIME, SEQUENCE, *stage.arguments]
            return pa.schema([*keys, *(self._rows.field(name) for name in names)])
        head = pa.field(HEAD, pa.int64())
        empty = pa.schema([*self._rows, head]).empty_table()
        made = self._run(stage.compute, "rows", empty)
        return pa.schema([*keys, *made.schema, pa.field(TIME, pa.int64())])

    def add(self, rows: pa.Table) -> list[pa.Table]:
        """Take rows; by processing time gives them out at once."""
        count = rows.num_rows
        if not count:
            return []
        if not self.stage.rowtime:
            now = np.full(count, self._clock.now_ms() * 1000)
            rows = rows.append_column(TIME, pa.array(now, pa.int64()))
        arrived = pa.array(np.arange(self._next, self._next + count))
        self._next += count
        rows = rows.append_column(SEQUENCE, arrived).select(self._rows.names)
        if not self.stage.rowtime:
            return self._out(rows)
        self._waiting.put(self._waiting.add(self._waiting.hashes(rows)), rows)
        self.first_us = min(self.first_us, int(rows.column(TIME).to_numpy().min()))
        return []

    def advance(self, watermark_us: int) -> list[pa.Table]:
        """The rows that event time has reached, in order."""
        if not self.stage.rowtime or watermark_us < self.first_us:
            self._forget(watermark_us)
            return []
        live = self._waiting.live()
        rows, _ = self._waiting.take(live)
        times = rows.column(TIME).to_numpy()
        ripe = times <= watermark_us
        if not ripe.any():
            return []
        self.first_us = int(times[~ripe].min(initial=MAX_WATERMARK_US))
        self._waiting.remove(live[ripe])
        out = self._out(rows.filter(pa.array(ripe)))
        self._waiting.settle()
        self._forget(watermark_us)
        return out

    # -- computing

    def _out(self, rows: pa.Table) -> list[pa.Table]:
        stage = self.stage
        batch = self._run(stage.batch, "batch", rows)
        heads = batch.column(HEAD).to_numpy()
        starts = np.flatnonzero(np.concatenate([[True], heads[1:] != heads[:-1]]))
        sizes = np.diff([*starts, len(heads)])
        keys = batch.take(pa.array(starts))
        hashes = self._kept.hashes(keys)
        ids = self._kept.find(keys, hashes)
        now_ms = self._clock.now_ms() if stage.ttl_ms else 0
        self._expire(ids, now_ms)
        known = np.flatnonzero(ids != EMPTY)
        before, owners = self._kept.take(ids[known])
        owners = known[owners]
        if stage.mode == "accumulate":
            made = self._accumulated(batch, before, owners, sizes, hashes, ids, now_ms)
        else:
            made = self._framed(batch, before, heads[starts][owners], hashes, ids, now_ms)
        self._kept.settle()
        return [made.rename_columns(stage.schema.names).cast(stage.schema)]

    def _accumulated(
        self, batch: pa.Table, before: pa.Table, owners: Ids, sizes: Ids, hashes: np.ndarray,
        ids: Ids, now_ms: int,
    ) -> pa.Table:  # fmt: skip
        """Partials of the new rows, with those before them put in."""
        stage, count = self.stage, batch.num_rows
        partials = list(stage.partials)
        running = self._run(stage.compute, "rows", batch)
        groups = np.repeat(np.arange(len(ids)), sizes)
        place = np.full(len(ids), -1, np.int64)
        place[owners] = np.arange(len(owners))
        beside = np.flatnonzero(place[groups] >= 0)
        own = before.select(partials).take(pa.array(place[groups[beside]]))
        both = pa.concat_tables([running, own.cast(running.schema)])
        numbers = np.concatenate([np.arange(count), beside])
        side = np.concatenate([np.ones(count, np.int32), np.zeros(len(beside), np.int32)])
        both = both.append_column(ROW_NUMBER, pa.array(numbers))
        both = both.append_column(SIDE, pa.array(side))
        merged = self._run(str(stage.merged), "merge", both)
        last = pa.array(np.cumsum(sizes) - 1)
        kept = [batch.column(name).take(last) for name in stage.partition]
        kept += [merged.column(name).take(last) for name in partials]
        kept.append(batch.column(TIME).take(last))
        self._store(pa.table(kept, names=self._kept.schema.names), None, hashes, ids, now_ms)
        order = pa.array(
            np.lexsort([batch.column(SEQUENCE).to_numpy(), batch.column(TIME).to_numpy()])
        )
        width = len(stage.schema) - len(stage.calls)
        inputs = batch.select(stage.schema.names[:width])
        results = merged.select(range(len(stage.calls)))
        names = [*inputs.column_names, *results.column_names]
        return pa.table([*inputs.columns, *results.columns], names=names).take(order)

    def _framed(
        self, batch: pa.Table, before: pa.Table, heads: Ids, hashes: np.ndarray, ids: Ids,
        now_ms: int,
    ) -> pa.Table:  # fmt: skip
        """The new rows over those kept; then those are kept that a later frame reaches."""
        kept = before.append_column(HEAD, pa.array(heads))
        kept = kept.append_column(NEW, pa.array(np.zeros(before.num_rows, np.bool_)))
        new = batch.append_column(NEW, pa.array(np.ones(batch.num_rows, np.bool_)))
        rows = pa.concat_tables([new, kept], promote_options="default")
        made = self._run(self.stage.compute, "rows", rows)
        head, time, arrival = (rows.column(n).to_numpy() for n in (HEAD, TIME, SEQUENCE))
        order = np.lexsort([arrival, time, head])
        head, time = head[order], time[order]
        ends = np.flatnonzero(np.concatenate([head[1:] != head[:-1], [True]]))
        sizes = np.diff([-1, *ends])
        back = np.repeat(ends, sizes) - np.arange(len(order))
        preceding = self.stage.preceding or 0
        reached = back < preceding
        if not self.stage.rows:
            reached = (time > np.repeat(time[ends], sizes) - preceding) | (back == 0)
        counts = np.add.reduceat(reached.astype(np.int64), np.concatenate([[0], ends[:-1] + 1]))
        left = rows.take(pa.array(order[reached])).select(self._kept.schema.names)
        if preceding or not self.stage.rows:
            self._store(left, counts, hashes, ids, now_ms)
        return made

    def _store(
        self, rows: pa.Table, sizes: Ids | None, hashes: np.ndarray, ids: Ids, now_ms: int
    ) -> None:
        new = np.flatnonzero(ids == EMPTY)
        ids[new] = self._kept.add(hashes[new])
        self._kept.put(ids, rows.cast(self._kept.schema), sizes, now_ms)

    # -- forgetting

    def _expire(self, ids: Ids, now_ms: int) -> None:
        old = self._kept.expired(now_ms, ids[ids != EMPTY])
        if len(old):
            ids[np.isin(ids, old)] = EMPTY
            self._kept.remove(old)

    def _forget(self, watermark_us: int) -> None:
        """Partitions whose last row no frame reaches any more; looked for now and then."""
        stage = self.stage
        reach = stage.preceding
        if stage.rows or reach is None or not len(self._kept) or not stage.rowtime:
            return
        if watermark_us - self._swept_us < max(reach, 1_000_000) or self._waits(watermark_us):
            return
        self._swept_us = watermark_us
        live = self._kept.live()
        rows, owners = self._kept.take(live)
        last = np.full(len(live), MIN_WATERMARK_US)
        np.maximum.at(last, owners, rows.column(TIME).to_numpy())
        self._kept.remove(live[last <= watermark_us - reach])
        self._kept.settle()

    def _waits(self, watermark_us: int) -> bool:
        return self.first_us <= watermark_us

    # -- checkpoints

    def delta(self) -> StateDelta | None:
        """What changed since the last delta."""
        return delta_of(self._states, {"next": str(self._next)})

    def restore(self, deltas: Sequence[StateDelta]) -> None:
        """Rebuild the state from a base and the deltas after it."""
        restore_all(self._states, deltas)
        if deltas:
            self._next = int(deltas[-1].meta["next"])
        rows, _ = self._waiting.take(self._waiting.live())
        times: npt.NDArray[np.int64] = rows.column(TIME).to_numpy()
        self.first_us = int(times.min(initial=MAX_WATERMARK_US))

    def state_bytes(self) -> int:
        """Size of the state in bytes."""
        return self._waiting.state_bytes() + self._kept.state_bytes()

    def _run(self, query: str, relation: str, table: pa.Table) -> pa.Table:
        return self._kernel.run(query, f"{self.stage.id}_{relation}", table)
