"""Top-N, and deduplication that keeps the last row or the first to arrive.

State holds for each partition its first N rows in their order; over a changelog all its rows, as
any of them may move up. A batch touches only its own partitions.

Guarantees: the changelog is legal, and whatever the batches, it comes to the first N rows of each
partition. With the number in the output a rank's row changes by -U and +U; without, a row that
leaves is a -D and one that enters a +I (for N = 1, -U and +U), all leaving before any entering.
The first row to arrive is a +I and nothing more. Within windows, whose rows come all at once,
nothing is kept or taken back. Partitions not updated for `table.exec.state.ttl` are forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from tidemill.engine.clock import Clock
from tidemill.engine.kernel import Kernel
from tidemill.engine.operators.ranked import ranked_batch, ranked_rows
from tidemill.engine.state.hash_index import EMPTY, Ids
from tidemill.engine.state.keyed import KeyedState, Mask
from tidemill.interfaces.operator import StateDelta
from tidemill.model import RowKind
from tidemill.plan.operators.rank import RankStage
from tidemill.plan.physical import KIND
from tidemill.plan.ranks import GROUP, HEAD, NUMBER, SEQUENCE, WEIGHT


class TopRows:
    """The state of one rank; compute thread only."""

    def __init__(
        self, stage: RankStage, kernel: Kernel, rows: pa.Schema, clock: Clock, deltas_max: int = 64
    ) -> None:
        """`rows` is the schema that the edges' queries give."""
        self.stage = stage
        self._kernel = kernel
        self._clock = clock
        fields = [field for field in rows if field.name != WEIGHT]
        schema = pa.schema([*fields, pa.field(SEQUENCE, pa.int64())])
        self._state = KeyedState(
            kernel, stage.id, schema, stage.partition, stage.ttl_ms, deltas_max
        )
        self._next = 0

    def add(self, rows: pa.Table) -> list[pa.Table]:
        """Take rows; gives what changed."""
        count = rows.num_rows
        if not count or not self.stage.limit:
            return []
        arrived = pa.array(np.arange(self._next, self._next + count))
        self._next += count
        batch = ranked_batch(self._kernel, self.stage, rows.append_column(SEQUENCE, arrived))
        if self.stage.kind == "window":
            return [self._shown(batch)]
        heads = batch.column(HEAD).to_numpy()
        starts = np.flatnonzero(np.concatenate([[True], heads[1:] != heads[:-1]]))
        groups = np.repeat(np.arange(len(starts)), np.diff([*starts, len(heads)]))
        keys = batch.take(pa.array(starts))
        hashes = self._state.hashes(keys)
        ids = self._state.find(keys, hashes)
        now_ms = self._clock.now_ms() if self.stage.ttl_ms else 0
        self._expire(ids, now_ms)
        if self.stage.kind == "first-by-arrival":
            return self._firsts(batch, groups, hashes, ids, now_ms)
        known = np.flatnonzero(ids != EMPTY)
        before, owners = self._state.take(ids[known])
        before = before.append_column(GROUP, pa.array(known[owners]))
        after = self._top(before, batch, groups)
        self._store(after, hashes, ids, now_ms)
        return self._changes(before, after)

    def _top(self, before: pa.Table, batch: pa.Table, groups: Ids) -> pa.Table:
        names = [*self._state.schema.names, GROUP]
        batch = batch.append_column(GROUP, pa.array(groups))
        if self.stage.retracts:
            names.append(WEIGHT)
            ones = pa.array(np.ones(before.num_rows, np.int32))
            before = before.append_column(WEIGHT, ones)
        table = pa.concat_tables([before.select(names), batch.select(names)])
        return ranked_rows(self._kernel, self.stage, table)

    def _store(self, after: pa.Table, hashes: np.ndarray, ids: Ids, now_ms: int) -> None:
        """Keep the new rows of each partition; one without rows is forgotten."""
        sizes = np.bincount(after.column(GROUP).to_numpy(), minlength=len(ids))
        filled = sizes > 0
        self._state.remove(ids[~filled & (ids != EMPTY)])
        new = np.flatnonzero(filled & (ids == EMPTY))
        ids[new] = self._state.add(hashes[new])
        rows = after.select(self._state.schema.names)
        self._state.put(ids[filled], rows, sizes[filled].astype(np.int64), now_ms)
        self._state.settle()

    def _firsts(
        self, batch: pa.Table, groups: Ids, hashes: np.ndarray, ids: Ids, now_ms: int
    ) -> list[pa.Table]:
        """Only partitions that were not there; their rows come out, and never change."""
        new = ids == EMPTY
        if not new.any():
            return []
        rows = batch.filter(pa.array(new[groups]))
        self._state.put(
            self._state.add(hashes[new]), rows.select(self._state.schema.names), None, now_ms
        )
        self._state.settle()
        return [self._shown(rows)]

    # -- what comes out

    def _changes(self, before: pa.Table, after: pa.Table) -> list[pa.Table]:
        limit, offset = self.stage.limit, self.stage.offset
        old_group = before.column(GROUP).to_numpy()
        place = _places(old_group)
        if self.stage.retracts or offset:
            seen = (place > offset) & (place <= limit)
            before = before.filter(pa.array(seen))
            old_group, place = old_group[seen], place[seen]
            new_place = after.column(NUMBER).to_numpy()
            after = after.filter(pa.array((new_place > offset) & (new_place <= limit)))
        before = before.append_column(NUMBER, pa.array(place))
        group, number = after.column(GROUP).to_numpy(), after.column(NUMBER).to_numpy()
        old_row, row = before.column(SEQUENCE).to_numpy(), after.column(SEQUENCE).to_numpy()
        numbered = self.stage.number or limit == 1
        if numbered:
            old_rank, rank = old_group * (limit + 1) + place, group * (limit + 1) + number
            leaves, enters = _differ(old_rank, old_row, rank, row)
            old_pair, pair = np.isin(old_rank, rank), np.isin(rank, old_rank)
        else:
            old_rank, rank = old_group, group
            leaves, enters = ~np.isin(old_row, row), ~np.isin(row, old_row)
            old_pair, pair = np.zeros(len(old_row), np.bool_), np.zeros(len(row), np.bool_)
        old_kind = np.where(old_pair, RowKind.UPDATE_BEFORE, RowKind.DELETE)
        kind = np.where(pair, RowKind.UPDATE_AFTER, RowKind.INSERT)
        return self._side_by_side((before, leaves, old_rank, old_kind), (after, enters, rank, kind))

    def _side_by_side(self, *sides: tuple[pa.Table, Mask, Ids, np.ndarray]) -> list[pa.Table]:
        """The leaving and entering rows by partition (and rank), leaving ones first."""
        tables, ranks, kinds = [], [], []
        for table, chosen, rank, kind in sides:
            mask = pa.array(chosen)
            tables.append(self._shown(table.filter(mask)))
            ranks.append(rank[chosen])
            kinds.append(kind[chosen])
        which = np.repeat(np.arange(2), [len(part) for part in ranks])
        order = np.lexsort([which, np.concatenate(ranks)])
        if not len(order):
            return []
        rows = pa.concat_tables(tables).take(pa.array(order))
        kinds_ = pa.array(np.concatenate(kinds)[order].astype(np.int8))
        return [rows.append_column(KIND, kinds_).cast(self.stage.schema)]

    def _shown(self, rows: pa.Table) -> pa.Table:
        """The output columns: the input's, then the number."""
        names = [name for name in self.stage.schema.names if name != KIND]
        if not self.stage.shows_number:
            return rows.select(names)
        number = rows.column(NUMBER).cast(pa.int64())
        shown = pa.table([*rows.select(names[:-1]).columns, number], names=names)
        return shown if KIND in self.stage.schema.names else shown.cast(self.stage.schema)

    # -- state

    def _expire(self, ids: Ids, now_ms: int) -> None:
        old = self._state.expired(now_ms, ids[ids != EMPTY])
        if len(old):
            ids[np.isin(ids, old)] = EMPTY
            self._state.remove(old)

    def delta(self) -> StateDelta | None:
        """What changed since the last delta."""
        return self._state.delta({"next": str(self._next)})

    def restore(self, deltas: Sequence[StateDelta]) -> None:
        """Rebuild the state from a base and the deltas after it."""
        self._state.restore(deltas)
        if deltas:
            self._next = int(deltas[-1].meta["next"])

    def state_bytes(self) -> int:
        """Size of the state in bytes."""
        return self._state.state_bytes()


def _places(groups: Ids) -> Ids:
    """The place of each row in its run of equal groups, from 1."""
    if not len(groups):
        return np.zeros(0, np.int64)
    starts = np.concatenate([[True], groups[1:] != groups[:-1]])
    first = np.maximum.accumulate(np.where(starts, np.arange(len(groups)), 0))
    return np.arange(len(groups)) - first + 1


def _differ(old_rank: Ids, old_row: Ids, rank: Ids, row: Ids) -> tuple[Mask, Mask]:
    """Which ranks (both ascending) have another row than on the other side, or none there."""

    def same(own: Ids, own_row: Ids, other: Ids, other_row: Ids) -> Mask:
        if not len(other):
            return np.zeros(len(own), np.bool_)
        at = np.minimum(np.searchsorted(other, own), len(other) - 1)
        equal: Mask = (other[at] == own) & (other_row[at] == own_row)
        return equal

    return ~same(old_rank, old_row, rank, row), ~same(rank, row, old_rank, old_row)
