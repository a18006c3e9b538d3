"""GROUP BY over a stream: each batch's groups are brought up to date and the changes go on.

State holds the partials of each group by its keys and, for DISTINCT aggregates and for MIN and MAX
over a changelog, each group's values with their weights. A batch touches only its own groups; only
where the smallest or greatest value of a group has gone are all keys of the values looked through
for those of the group.

Guarantees: what comes out is a legal changelog: +I for a new group, -U and +U side by side where
its row changed, -D when its last row was withdrawn. One batch changes a group at most once, so
other batches give other changes, which all come to the same rows. Groups not updated for
`table.exec.state.ttl` are forgotten without a trace, as in Flink: their next row is a +I.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidemill.engine.clock import Clock
from tidemill.engine.kernel import Kernel
from tidemill.engine.operators.aggregate_failure import aggregate_failed
from tidemill.engine.operators.group_values import Counted, GroupValues
from tidemill.engine.operators.python_accumulators import Accumulators
from tidemill.engine.state.hash_index import EMPTY, Ids
from tidemill.engine.state.keyed import KeyedState, Mask
from tidemill.engine.state.several import delta_of, restore_all
from tidemill.interfaces.operator import StateDelta
from tidemill.model import RowKind
from tidemill.plan.group_aggregates import CHANGED, GROUP, LOST, move_column
from tidemill.plan.lowering.row_aggregates import BEFORE
from tidemill.plan.operators.group_aggregate import GroupStage
from tidemill.plan.physical import KIND

_SWEEP_MS = 1_000


class GroupAggregate:
    """The state of one changelog aggregate; compute thread only."""

    def __init__(
        self,
        stage: GroupStage,
        kernel: Kernel,
        partials: pa.Schema,
        clock: Clock,
        deltas_max: int = 64,
    ) -> None:
        """`partials` is the schema that the edges' queries give."""
        self.stage = stage
        self._kernel = kernel
        self._clock = clock
        self._keys = [f"g{i}" for i in range(len(stage.keys))]
        python = Accumulators(stage)
        stored = _stored_schema(stage, kernel, partials, python)
        self._groups = KeyedState(
            kernel, f"{stage.id}_groups", stored, self._keys, stage.ttl_ms, deltas_max
        )
        self._values = GroupValues(stage, kernel, partials, deltas_max) if stage.values else None
        self._swept_ms = clock.now_ms()
        self.python = python

    # -- a batch

    def add(self, partials: pa.Table) -> list[pa.Table]:
        """Take the partials of one batch; gives what changed, with the kinds."""
        values = None
        if self._values is not None:
            of_group = pc.equal(partials.column("d"), 0)
            values = partials.filter(pc.invert(of_group))
            partials = partials.filter(of_group)
        if partials.num_rows == 0:
            return []
        hashes = self._groups.hashes(partials)
        ids = self._groups.find(partials, hashes)
        now_ms = self._clock.now_ms() if self.stage.ttl_ms else 0
        self._expire(ids, now_ms)
        known = np.flatnonzero(ids != EMPTY)
        before, _ = self._groups.take(ids[known])
        parts = [
            self._numbered(partials, np.arange(len(ids)), False),
            self._numbered(before, known, True),
        ]
        counted = None
        if values is not None and self._values is not None:
            counted = self._values.count(partials, values)
            parts.append(self._run(str(self.stage.moves), "moves", counted.moves))
        merged = self._merge(parts, partials)
        merged = self.python.beside(merged, partials, before, known)
        if counted is not None:
            merged = self._restored_extremes(merged, ids, counted)
        alive = self._alive(merged)
        new = np.flatnonzero(alive & (ids == EMPTY))
        dead = ids[~alive & (ids != EMPTY)]
        ids[new] = self._groups.add(hashes[new])
        kept = merged if alive.all() else merged.filter(pa.array(alive))
        self._groups.put(ids[alive], kept.select(self._groups.schema.names), None, now_ms)
        if counted is not None and self._values is not None:
            self._values.keep(counted, ids, alive)
        changes = self._changes(merged, before, known, alive)
        self._forget(dead)
        self._settle()
        return [changes] if changes.num_rows else []

    def _numbered(self, table: pa.Table, groups: Ids, before: bool) -> pa.Table:
        """The partials with the numbers of their groups."""
        given = set(table.column_names) - self.python.columns
        names = [name for name in self.stage.partials if name in given]
        columns = [table.column(name) for name in names]
        columns += [pa.array(groups), pa.array(np.full(len(groups), before))]
        return pa.table(columns, names=[*names, GROUP, BEFORE])

    def _merge(self, parts: list[pa.Table], partials: pa.Table) -> pa.Table:
        """One row of partials for each group, in order, behind its keys."""
        table = pa.concat_tables(parts, promote_options="default")
        merged = self._run(self.stage.merge, "parts", table)
        stored = self._groups.schema
        names = [n for n in merged.column_names if n != GROUP]
        columns = [partials.column(key) for key in self._keys]
        for name in names:
            made = merged.column(name)
            wanted = made.type if name == LOST else stored.field(name).type
            columns.append(made if made.type == wanted else made.cast(wanted))
        return pa.table(columns, names=[*self._keys, *names])

    def _alive(self, merged: pa.Table) -> Mask:
        """Groups that have rows; without keys and retraction that is every one."""
        if not self.stage.retracts:
            return np.ones(merged.num_rows, np.bool_)
        alive: Mask = merged.column("wt").to_numpy() != 0
        return alive

    def _changes(self, merged: pa.Table, before: pa.Table, known: Ids, alive: Mask) -> pa.Table:
        """The finished rows of the groups that changed, before and now."""
        names = [name for name in self.stage.partials if name not in self.python.hidden]
        count = merged.num_rows
        places = np.full(count, -1, np.int64)
        places[known] = np.arange(len(known))
        was = places >= 0
        beside = before.take(pa.array(places, mask=~was))
        columns = [merged.column(key) for key in self._keys]
        columns += [beside.column(name) for name in names]
        columns += [merged.column(name) for name in names]
        both = pa.table(
            columns, names=[*self._keys, *(f"o_{n}" for n in names), *(f"n_{n}" for n in names)]
        )
        shown_before, shown = was, alive
        if self.stage.retracts:
            shown = merged.column("wt").to_numpy() > 0
            weights = beside.column("wt")
            shown_before = was & (pc.fill_null(weights, 0).to_numpy() > 0)
        if not names:  # no aggregates: SELECT DISTINCT
            both = both.append_column("o_", pa.nulls(count, pa.int8()))
        made = self._run(self.stage.changes, "both", both)
        changed = made.column(CHANGED).to_numpy()
        return self._with_kinds(made, shown_before, shown, changed)

    def _with_kinds(self, made: pa.Table, was: Mask, now: Mask, changed: Mask) -> pa.Table:
        keys, n = len(self._keys), len(self.stage.aggregates)
        old = made.select(range(keys + n)).rename_columns(self.stage.schema.names[:-1])
        new = made.select([*range(keys), *range(keys + n, keys + 2 * n)])
        new = new.rename_columns(self.stage.schema.names[:-1])
        leaves, comes = was & (~now | changed), now & (~was | changed)
        rows = np.concatenate([np.flatnonzero(leaves) * 2, np.flatnonzero(comes) * 2 + 1])
        rows.sort()
        group, is_new = rows // 2, rows % 2 == 1
        both = was[group] & now[group]
        kinds = np.where(
            is_new,
            np.where(both, RowKind.UPDATE_AFTER, RowKind.INSERT),
            np.where(both, RowKind.UPDATE_BEFORE, RowKind.DELETE),
        ).astype(np.int8)
        if is_new.all():
            taken = new if len(rows) == new.num_rows else new.take(pa.array(group))
        else:
            source = pa.concat_tables([old, new]).combine_chunks()
            taken = source.take(pa.array(group + is_new * made.num_rows))
        taken = taken.append_column(KIND, pa.array(kinds))
        return taken.cast(self.stage.schema) if taken.schema != self.stage.schema else taken

    def _restored_extremes(self, merged: pa.Table, ids: Ids, counted: Counted) -> pa.Table:
        """The merged partials with MIN and MAX found anew where the extreme value has gone."""
        if LOST not in merged.column_names:
            return merged
        lost = np.flatnonzero(merged.column(LOST).to_numpy() & (ids != EMPTY))
        merged = merged.drop_columns([LOST])
        if not len(lost):
            return merged
        assert self._values is not None
        left = self._values.left(ids, lost, counted)
        made = self._run(str(self.stage.moves), "moves", left)
        found = np.full(merged.num_rows, -1, np.int64)
        found[made.column(GROUP).to_numpy()] = np.arange(made.num_rows)
        mask = np.zeros(merged.num_rows, np.bool_)
        mask[lost] = True
        for name in self.stage.extremes:
            fresh = made.column(name).take(pa.array(found, mask=found < 0))
            index = merged.column_names.index(name)
            column = pc.if_else(pa.array(mask), fresh.cast(merged.column(name).type),
                                merged.column(name))  # fmt: skip
            merged = merged.set_column(index, name, column)
        return merged

    # -- forgetting

    def _expire(self, ids: Ids, now_ms: int) -> None:
        """Groups that have outlived the TTL are as if they had never been."""
        if not self.stage.ttl_ms:
            return
        if now_ms - self._swept_ms >= min(_SWEEP_MS, self.stage.ttl_ms):
            self._swept_ms = now_ms
            old = self._groups.expired(now_ms)
        else:
            old = self._groups.expired(now_ms, ids[ids != EMPTY])
        if len(old):
            ids[np.isin(ids, old)] = EMPTY
            self._forget(old)

    def _forget(self, group_ids: Ids) -> None:
        if not len(group_ids):
            return
        if self._values is not None:
            self._values.forget(group_ids)
        self._groups.remove(group_ids)

    def _settle(self) -> None:
        """Sweep; groups' and values' entries may get new numbers."""
        kept = self._groups.settle()
        if self._values is not None:
            self._values.settle(kept)

    # -- state

    def delta(self) -> StateDelta | None:
        """What changed since the last delta."""
        return delta_of(self._states())

    def _states(self) -> dict[str, KeyedState]:
        own = {"groups": self._groups}
        return own if self._values is None else {**own, "values": self._values.state}

    def restore(self, deltas: Sequence[StateDelta]) -> None:
        """Rebuild the state from a base and the deltas after it."""
        restore_all(self._states(), deltas)
        if self._values is not None:
            self._values.restored(self._groups)

    def rows(self) -> int:
        """Rows of state."""
        return self._groups.rows + (0 if self._values is None else self._values.state.rows)

    def state_bytes(self) -> int:
        """Size of the state in bytes."""
        values = 0 if self._values is None else self._values.state_bytes()
        return self._groups.state_bytes() + values

    def _run(self, query: str, relation: str, table: pa.Table) -> pa.Table:
        try:
            return self._kernel.run(query, f"{self.stage.id}_{relation}", table)
        except duckdb.Error as error:
            raise aggregate_failed(
                "an aggregate could not be brought up to date",
                error,
                self.stage.id,
                self.stage.aggregates,
            ) from error


def _stored_schema(
    stage: GroupStage, kernel: Kernel, partials: pa.Schema, python: Accumulators
) -> pa.Schema:
    """Keys and stored partials: those of the edges, and those that moves give."""
    fields = {field.name: field for field in partials}
    fields |= python.fields()
    if stage.moves is not None:
        columns = [partials.field(name) for name in stage.values]
        columns.append(pa.field(GROUP, pa.int64()))
        slots = range(len(stage.value_weights))
        columns += [pa.field(move_column(slot), pa.int32()) for slot in slots]
        empty = pa.schema(columns).empty_table()
        made = kernel.run(stage.moves, f"{stage.id}_moves", empty)
        fields |= {field.name: field for field in made.schema}
    keys = [f"g{i}" for i in range(len(stage.keys))]
    return pa.schema([fields[name].with_nullable(True) for name in [*keys, *stage.partials]])
