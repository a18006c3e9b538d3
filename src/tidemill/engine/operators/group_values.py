"""The values that the groups of a changelog aggregate count: for DISTINCT, MIN and MAX.

State holds each value behind its group's keys, with a weight for each aggregate that counts it:
how many rows with that value came and passed the aggregate's filter, less those withdrawn. A value
whose weight becomes positive has come, one whose weight ceases to be has gone: those are the moves.
Where the input withdraws nothing only values that come are written, each once.
"""

from __future__ import annotations

from functools import reduce
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidemill.engine.kernel import Kernel
from tidemill.engine.state.hash_index import EMPTY, Ids
from tidemill.engine.state.keyed import KeyedState, Mask
from tidemill.plan.group_aggregates import GROUP, move_column
from tidemill.plan.operators.group_aggregate import GroupStage
from tidemill.records import dataclass

Weights: TypeAlias = "np.ndarray[tuple[int, int], np.dtype[np.int64]]"
"""One row a value, one column a slot of its set."""

_WEIGHT = "w"


@dataclass(frozen=True, slots=True)
class Counted:
    """A batch's values.

    Attributes:
        rows: their keys.
        groups: the numbers of their groups in the batch.
        hashes: of the keys.
        ids: their entries, or EMPTY.
        weights: what they weigh now.
        moves: the values that came or went.
    """

    rows: pa.Table
    groups: Ids
    hashes: np.ndarray
    ids: Ids
    weights: Weights
    moves: pa.Table


class GroupValues:
    """The state of the counted values; compute thread only."""

    def __init__(
        self, stage: GroupStage, kernel: Kernel, partials: pa.Schema, deltas_max: int
    ) -> None:
        """`partials` is the schema that the edges' queries give."""
        self._stage = stage
        self._kernel = kernel
        self._keys = [f"g{i}" for i in range(len(stage.keys))]
        self._weights = [f"{_WEIGHT}{slot or ''}" for slot in range(len(stage.value_weights))]
        names = [*self._keys, *stage.values]
        fields = [partials.field(name) for name in names]
        fields += [pa.field(name, pa.int64()) for name in self._weights]
        self.state = KeyedState(
            kernel, f"{stage.id}_values", pa.schema(fields), names, 0, deltas_max
        )
        self._owner: Ids = np.zeros(0, np.int64)

    # -- a batch

    def count(self, partials: pa.Table, values: pa.Table) -> Counted:
        """The weights of a batch's values after it; `partials` has its groups in order."""
        added = self._added(values)
        some = added.any(axis=1)
        if not some.all():
            values, added = values.filter(pa.array(some)), added[some]
        groups = self._numbers(partials, values)
        hashes = self.state.hashes(values)
        ids = self.state.find(values, hashes)
        known = np.flatnonzero(ids != EMPTY)
        old = np.zeros_like(added)
        if len(known):
            stored, _ = self.state.take(ids[known])
            old[known] = self._stored(stored)
        new = old + added
        moved = (old > 0) != (new > 0)
        here = moved.any(axis=1)
        came = values.filter(pa.array(here))
        signs = np.where(new > 0, 1, -1)[here] * moved[here]
        moves = came.select(list(self._stage.values))
        moves = moves.append_column(GROUP, pa.array(groups[here]))
        moves = _with_moves(moves, signs)
        if not self._stage.retracts:
            # How often a value has come is never asked, so that it is written once.
            values, groups, hashes, ids = came, groups[here], hashes[here], ids[here]
            new = np.minimum(new[here], 1)
        return Counted(
            values.select([*self._keys, *self._stage.values]), groups, hashes, ids, new, moves
        )

    def _added(self, values: pa.Table) -> Weights:
        """What a batch adds to the weights of its values."""
        slots = []
        for names in self._stage.value_weights:
            added = reduce(pc.coalesce, (values.column(name) for name in names))
            slots.append(pc.fill_null(added, 0).to_numpy())
        return np.column_stack(slots)

    def _stored(self, rows: pa.Table) -> Weights:
        return np.column_stack([rows.column(name).to_numpy() for name in self._weights])

    def _numbers(self, partials: pa.Table, values: pa.Table) -> Ids:
        """For each value the number of its group in the batch."""
        if not self._keys:
            return np.zeros(values.num_rows, np.int64)
        keys = partials.select(self._keys)
        name = f"{self._stage.id}_groups"
        batch = KeyedState(self._kernel, name, keys.schema, self._keys)
        batch.put(batch.add(batch.hashes(keys)), keys)
        return batch.find(values)

    def keep(self, counted: Counted, group_ids: Ids, alive: Mask) -> None:
        """Store the new weights of values whose groups live on."""
        ids, weights = counted.ids, counted.weights
        here, counts = alive[counted.groups], weights.any(axis=1)
        new = np.flatnonzero(here & (ids == EMPTY) & counts)
        ids[new] = self.state.add(counted.hashes[new])
        stay = np.flatnonzero(here & (ids != EMPTY) & counts)
        rows = counted.rows.take(pa.array(stay))
        for slot, name in enumerate(self._weights):
            rows = rows.append_column(name, pa.array(weights[stay, slot]))
        self.state.put(ids[stay], rows)
        self.state.remove(ids[here & (ids != EMPTY) & ~counts])
        top = int(ids.max(initial=-1)) + 1
        if top > len(self._owner):
            self._owner = np.concatenate(
                [self._owner, np.full(max(top, 1024) + len(self._owner), EMPTY, np.int64)]
            )
        self._owner[ids[stay]] = group_ids[counted.groups[stay]]

    def left(self, group_ids: Ids, lost: Ids, counted: Counted) -> pa.Table:
        """All values of the groups at `lost` after the batch, as if they came just now."""
        numbers = np.full(int(group_ids.max()) + 1, EMPTY, np.int64)
        numbers[group_ids[lost]] = lost
        entries = self._of(group_ids[lost])
        fresh = np.ones(int(max(entries.max(initial=0), counted.ids.max(initial=0))) + 1, np.bool_)
        fresh[counted.ids[counted.ids != EMPTY]] = False
        entries = entries[fresh[entries]]  # the batch's own values follow, with their new weights
        stored, _ = self.state.take(entries)
        weights = self._stored(stored)
        present = (weights > 0).any(axis=1)
        here = np.zeros(len(group_ids), np.bool_)
        here[lost] = True
        own = np.flatnonzero(here[counted.groups] & (counted.weights > 0).any(axis=1))
        names = list(self._stage.values)
        left = pa.concat_tables(
            [stored.select(names).filter(pa.array(present)),
             counted.rows.select(names).take(pa.array(own))]
        )  # fmt: skip
        groups = np.concatenate([numbers[self._owner[entries[present]]], counted.groups[own]])
        left = left.append_column(GROUP, pa.array(groups))
        return _with_moves(left, np.concatenate([weights[present], counted.weights[own]]) > 0)

    def _of(self, group_ids: Ids) -> Ids:
        """The entries of all values of some groups."""
        live = self.state.live()
        if not len(live) or not len(group_ids):
            return np.zeros(0, np.int64)
        wanted = np.zeros(int(max(group_ids.max(), self._owner[live].max())) + 1, np.bool_)
        wanted[group_ids] = True
        return live[wanted[self._owner[live]]]

    # -- forgetting and restoring

    def forget(self, group_ids: Ids) -> None:
        """Remove all values of some groups."""
        self.state.remove(self._of(group_ids))

    def settle(self, groups_kept: Ids | None) -> None:
        """Sweep; `groups_kept` has the groups' entries by their new numbers, where they changed."""
        if groups_kept is not None and len(groups_kept):
            numbers = np.full(int(groups_kept.max()) + 1, EMPTY, np.int64)
            numbers[groups_kept] = np.arange(len(groups_kept))
            live = self.state.live()
            self._owner[live] = numbers[self._owner[live]]
        kept = self.state.settle()
        if kept is not None:
            self._owner = self._owner[kept]

    def restored(self, groups: KeyedState) -> None:
        """After both states were restored: find the group of each value."""
        live = self.state.live()
        stored, _ = self.state.take(live)
        self._owner = np.full(int(live.max(initial=0)) + 1, EMPTY, np.int64)
        self._owner[live] = groups.find(stored)

    def state_bytes(self) -> int:
        """Size of the state in bytes."""
        return self.state.state_bytes() + self._owner.nbytes


def _with_moves(rows: pa.Table, moves: np.ndarray) -> pa.Table:
    """Rows with the moves of each slot beside them."""
    for slot, column in enumerate(moves.T):
        rows = rows.append_column(move_column(slot), pa.array(column.astype(np.int32)))
    return rows
