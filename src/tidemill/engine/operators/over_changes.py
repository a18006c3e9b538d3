"""OVER in the order of any key, over a stream or a changelog.

State holds all rows of each partition: a row that comes or goes changes the results of those behind
it. A batch touches only its own partitions, which are computed before and after it.

Guarantees: the changelog is legal and, whatever the batches, comes to the same rows; one batch
changes a row at most once. Rows of equal key stand in the order of their arrival. Partitions not
updated for `table.exec.state.ttl` are forgotten.
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
from tidemill.plan.operators.over import OverChangesStage
from tidemill.plan.physical import KIND
from tidemill.plan.ranks import GROUP, HEAD, SEQUENCE, WEIGHT


class OverChanges:
    """The rows of all partitions; compute thread only."""

    def __init__(
        self, stage: OverChangesStage, kernel: Kernel, rows: pa.Schema, clock: Clock,
        deltas_max: int = 64,
    ) -> None:  # fmt: skip
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
        if not count:
            return []
        arrived = pa.array(np.arange(self._next, self._next + count))
        self._next += count
        batch = rows.append_column(SEQUENCE, arrived)
        groups, keys = self._partitions(batch)
        hashes = self._state.hashes(keys)
        ids = self._state.find(keys, hashes)
        now_ms = self._clock.now_ms() if self.stage.ttl_ms else 0
        self._expire(ids, now_ms)
        known = np.flatnonzero(ids != EMPTY)
        before, owners = self._state.take(ids[known])
        before = before.append_column(GROUP, pa.array(known[owners]))
        after = self._left(before, batch.append_column(GROUP, pa.array(groups)))
        self._store(after, hashes, ids, now_ms)
        return self._changes(self._computed(before), self._computed(after))

    def _partitions(self, batch: pa.Table) -> tuple[Ids, pa.Table]:
        """The number of each row's partition, and a row of each."""
        numbered = self._kernel.run(self.stage.heads, f"{self.stage.id}_batch", batch)
        heads = numbered.column(HEAD).to_numpy()
        firsts, groups = np.unique(heads, return_inverse=True)
        places = firsts - int(batch.column(SEQUENCE)[0].as_py())
        return groups.astype(np.int64), batch.take(pa.array(places))

    def _left(self, before: pa.Table, batch: pa.Table) -> pa.Table:
        """The rows that are there after the batch."""
        names = [*self._state.schema.names, GROUP]
        if not self.stage.retracts:
            return pa.concat_tables([before.select(names), batch.select(names)])
        ones = pa.array(np.ones(before.num_rows, np.int32))
        before = before.append_column(WEIGHT, ones)
        names.append(WEIGHT)
        table = pa.concat_tables([before.select(names), batch.select(names)])
        return self._kernel.run(self.stage.left, f"{self.stage.id}_all", table)

    def _store(self, after: pa.Table, hashes: np.ndarray, ids: Ids, now_ms: int) -> None:
        group = after.column(GROUP).to_numpy()
        order = np.argsort(group, kind="stable")
        sizes = np.bincount(group, minlength=len(ids))
        filled = sizes > 0
        self._state.remove(ids[~filled & (ids != EMPTY)])
        new = np.flatnonzero(filled & (ids == EMPTY))
        ids[new] = self._state.add(hashes[new])
        rows = after.select(self._state.schema.names).take(pa.array(order))
        self._state.put(ids[filled], rows, sizes[filled].astype(np.int64), now_ms)
        self._state.settle()

    def _computed(self, rows: pa.Table) -> pa.Table:
        names = [*self._state.schema.names, GROUP]
        return self._kernel.run(self.stage.compute, f"{self.stage.id}_rows", rows.select(names))

    def _changes(self, before: pa.Table, after: pa.Table) -> list[pa.Table]:
        """Rows that went, those whose results changed (before and after), and those that came."""
        old, new = before.column(SEQUENCE).to_numpy(), after.column(SEQUENCE).to_numpy()
        stays = np.isin(old, new)
        still = np.isin(new, old)
        same_old = before.filter(pa.array(stays))
        same_new = after.filter(pa.array(still))
        changed = self._differ(same_old, same_new)
        pairs = np.flatnonzero(changed)
        shown = [
            self._shown(before.filter(pa.array(~stays))),
            self._shown(same_old.take(pa.array(pairs))),
            self._shown(same_new.take(pa.array(pairs))),
            self._shown(after.filter(pa.array(~still))),
        ]
        counts = [table.num_rows for table in shown]
        if not sum(counts):
            return []
        kinds = np.repeat(
            [RowKind.DELETE, RowKind.UPDATE_BEFORE, RowKind.UPDATE_AFTER, RowKind.INSERT], counts
        ).astype(np.int8)
        table = pa.concat_tables(shown).append_column(KIND, pa.array(kinds))
        gone, both = counts[0], counts[1]
        order = np.arange(len(kinds))
        order[gone : gone + 2 * both] = gone + np.arange(2 * both).reshape(2, both).T.ravel()
        return [table.take(pa.array(order)).cast(self.stage.schema)]

    def _differ(self, old: pa.Table, new: pa.Table) -> np.ndarray:
        """Where the results differ; both sides hold the same rows in the same order."""
        names = list(self.stage.results)
        beside = pa.table(
            [*old.select(names).columns, *new.select(names).columns],
            names=[f"{side}{i}" for side in "ab" for i in range(len(names))],
        )
        made = self._kernel.run(self.stage.differ, f"{self.stage.id}_pairs", beside)
        changed: np.ndarray = made.column(0).to_numpy()
        return changed

    def _shown(self, rows: pa.Table) -> pa.Table:
        names = [name for name in self.stage.schema.names if name != KIND]
        width = len(names) - len(self.stage.results)
        columns = [*rows.select(names[:width]).columns, *rows.select(self.stage.results).columns]
        return pa.table(columns, names=names)

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
