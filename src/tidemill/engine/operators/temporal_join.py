"""A temporal join by event time: left rows wait, versions are kept by key.

A left row comes out when the watermark of both sides has reached its event time, in the order of
arrival, beside the version of its key that holds at its time: the last one not after it. Of
versions of one time the one that came last holds; a deletion ends a version, as a -D says.

Guarantees: rows that are not late come out the same whatever the batches and the order of the two
sides. A late left row is joined when event time next moves, with the version of its key that held
at the watermark if that one reaches back to the row's time, else with none.
Non-guarantees: Flink cleans versions up by timers of each key, so that it may still find an older
one for a late row.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tidemill.engine.batches import Int64s
from tidemill.engine.clock import Clock
from tidemill.engine.kernel import Kernel
from tidemill.engine.state.hash_index import EMPTY, Ids
from tidemill.engine.state.keyed import KeyedState
from tidemill.engine.state.several import delta_of, restore_all
from tidemill.interfaces.operator import StateDelta
from tidemill.model import RowKind
from tidemill.plan.operators.temporal_join import (
    FRESH,
    GONE,
    HEAD,
    ORDER,
    TIME,
    TemporalJoinStage,
    version_schema,
)
from tidemill.plan.physical import KIND, ROW
from tidemill.plan.windows import MIN_WATERMARK_US
from tidemill.records import dataclass
from tidemill.sql.logical import JoinKind

STANDING = "s"
"""Hidden column of waiting rows: the watermark as the row came, epoch microseconds."""


@dataclass(frozen=True, slots=True)
class Released:
    """Joined rows with their event times."""

    rows: pa.Table
    times_us: Int64s


class TemporalJoin:
    """The waiting left rows and the versions; compute thread only."""

    def __init__(
        self,
        stage: TemporalJoinStage,
        kernel: Kernel,
        left: pa.Schema,
        right: pa.Schema,
        clock: Clock,
        deltas_max: int = 64,
    ) -> None:
        """`left` and `right` are the schemas that the edges' queries give."""
        self.stage = stage
        self._kernel = kernel
        self._clock = clock
        extra = [pa.field(STANDING, pa.int64()), pa.field(ORDER, pa.int64())]
        waiting = pa.schema([*(f for f in left if f.name != ROW), *extra])
        self._waiting = KeyedState(kernel, f"{stage.id}w", waiting, [ORDER], 0, deltas_max)
        versions = version_schema(right)
        self._right_names = [n for n in versions.names if n.startswith("c")]
        self._versions = KeyedState(
            kernel, f"{stage.id}v", versions, stage.keys, stage.ttl_ms, deltas_max
        )
        self._states = {"waiting": self._waiting, "versions": self._versions}
        self._next = self._changes = 0
        self._ids: Ids = np.zeros(0, np.int64)
        self._times: Int64s = np.zeros(0, np.int64)

    @property
    def first_us(self) -> int | None:
        """The least event time of a left row that waits; from any thread."""
        times = self._times
        return int(times.min()) if len(times) else None

    # -- the left side

    def wait(self, rows: pa.Table, standing_us: Int64s | None) -> None:
        """Take left rows; `standing_us` is the watermark before each, where some may be late."""
        count = rows.num_rows
        if not count:
            return
        standing = np.full(count, MIN_WATERMARK_US) if standing_us is None else standing_us
        order = np.arange(self._next, self._next + count)
        self._next += count
        kept = rows.append_column(STANDING, pa.array(standing))
        kept = kept.append_column(ORDER, pa.array(order)).select(self._waiting.schema.names)
        ids = self._waiting.add(self._waiting.hashes(kept))
        self._waiting.put(ids, kept)
        self._ids = np.concatenate([self._ids, ids])
        self._times = np.concatenate([self._times, rows.column(TIME).to_numpy()])

    def advance(self, watermark_us: int) -> Released | None:
        """The rows that event time has reached, each beside its version."""
        ready = self._times <= watermark_us
        if not ready.any():
            return None
        ids = self._ids[ready]
        self._ids, self._times = self._ids[~ready], self._times[~ready]
        rows, _ = self._waiting.take(ids)
        self._waiting.remove(ids)
        self._settle_waiting()
        rows = rows.take(pa.array(np.argsort(rows.column(ORDER).to_numpy(), kind="stable")))
        return self._joined(rows)

    def _settle_waiting(self) -> None:
        kept = self._waiting.settle()
        if kept is not None:
            self._ids = np.searchsorted(kept, self._ids).astype(np.int64)

    def _joined(self, rows: pa.Table) -> Released | None:
        times = rows.column(TIME).to_numpy()
        found, versions = self._match(rows, times)
        if self.stage.kind is JoinKind.INNER:
            rows = rows.filter(pa.array(found >= 0))
            times, found = times[found >= 0], found[found >= 0]
        if not rows.num_rows:
            return None
        places = pa.array(found, mask=found < 0)
        right = versions.select(self._right_names).take(places)
        left = [rows.column(i) for i in range(self.stage.width)]
        columns = [*left, *right.columns]
        if KIND in self.stage.schema.names:
            columns.append(pa.chunked_array([_single_kinds(rows.column(KIND).to_numpy())]))
        fitting = [
            c if c.type == field.type else c.cast(field.type)
            for c, field in zip(columns, self.stage.schema, strict=True)
        ]
        return Released(pa.table(fitting, schema=self.stage.schema), times)

    def _match(self, rows: pa.Table, times: Int64s) -> tuple[Int64s, pa.Table]:
        """For each row the place of its version in the table, or -1."""
        keys = rows.select(self.stage.keys)
        ids = self._versions.find(keys)
        self._expire(ids)
        ids[_any_null(keys)] = EMPTY
        known, owners = np.unique(ids[ids != EMPTY], return_inverse=True)
        versions, of = self._versions.take(known)
        owner = np.full(len(ids), -1, np.int64)
        owner[ids != EMPTY] = owners
        since = versions.column(TIME).to_numpy()
        found = _last_not_after(of, since, owner, times)
        standing = rows.column(STANDING).to_numpy()
        late = (times <= standing) & (found >= 0)
        if late.any():
            current = _last_not_after(of, since, owner[late], standing[late])
            found[late] = np.where(current == found[late], current, -1)
        gone = versions.column(GONE).to_numpy(zero_copy_only=False).astype(np.bool_)
        if gone.any():
            found[(found >= 0) & gone[found]] = -1
        return found, versions

    # -- versions

    def change(self, rows: pa.Table, watermark_us: int) -> None:
        """Take changes of the right side; versions that `watermark_us` makes obsolete go."""
        rows = self._as_versions(rows)
        if not rows.num_rows:
            return
        ids = self._versions.find(rows)
        self._expire(ids)
        known = np.unique(ids[ids != EMPTY])
        before, _ = self._versions.take(known)
        both = pa.concat_tables([before, rows.select(before.schema.names)])
        fresh = np.arange(both.num_rows) >= before.num_rows
        merged = self._kernel.run(
            self.stage.merge,
            f"{self.stage.id}_versions",
            both.append_column(FRESH, pa.array(fresh)),
            (watermark_us, watermark_us),
        )
        self._store(merged, known)

    def _as_versions(self, rows: pa.Table) -> pa.Table:
        """Without -U (a version ends where the next begins) and rows whose key is NULL."""
        gone = np.zeros(rows.num_rows, np.bool_)
        keep = ~_any_null(rows.select(self.stage.keys))
        if KIND in rows.column_names:
            kinds = rows.column(KIND).to_numpy()
            gone = kinds == RowKind.DELETE
            keep &= kinds != RowKind.UPDATE_BEFORE
        order = np.arange(self._changes, self._changes + rows.num_rows)
        self._changes += rows.num_rows
        rows = rows.select([n for n in self._versions.schema.names if n not in (GONE, ORDER)])
        rows = rows.append_column(GONE, pa.array(gone)).append_column(ORDER, pa.array(order))
        return rows.filter(pa.array(keep))

    def _store(self, merged: pa.Table, known: Ids) -> None:
        """Put the merged versions in the place of those of their keys; none left: forget it."""
        heads = merged.column(HEAD).to_numpy()
        starts = np.flatnonzero(np.concatenate([[True], heads[1:] != heads[:-1]]))
        if not len(heads):
            starts = starts[:0]
        sizes = np.diff(np.append(starts, len(heads)))
        rows = merged.select(self._versions.schema.names)
        first = rows.take(pa.array(starts))
        hashes = self._versions.hashes(first)
        ids = self._versions.find(first, hashes)
        self._versions.remove(np.setdiff1d(known, ids))
        new = ids == EMPTY
        ids[new] = self._versions.add(hashes[new])
        now_ms = self._clock.now_ms() if self.stage.ttl_ms else 0
        if len(ids):
            self._versions.put(ids, rows, sizes.astype(np.int64), now_ms)
        self._versions.settle()

    def _expire(self, ids: Ids) -> None:
        if not self.stage.ttl_ms:
            return
        old = self._versions.expired(self._clock.now_ms(), np.unique(ids[ids != EMPTY]))
        if len(old):
            ids[np.isin(ids, old)] = EMPTY
            self._versions.remove(old)

    # -- state

    def delta(self) -> StateDelta | None:
        """What changed since the last delta."""
        return delta_of(self._states, {"next": str(self._next), "changes": str(self._changes)})

    def restore(self, deltas: Sequence[StateDelta]) -> None:
        """Rebuild the state from a base and the deltas after it."""
        restore_all(self._states, deltas)
        if deltas:
            self._next = int(deltas[-1].meta["next"])
            self._changes = int(deltas[-1].meta["changes"])
        self._ids = self._waiting.live()
        rows, _ = self._waiting.take(self._ids)
        self._times = rows.column(TIME).to_numpy()

    def state_bytes(self) -> int:
        """Size of the state in bytes."""
        own = self._ids.nbytes + self._times.nbytes
        return sum(state.state_bytes() for state in self._states.values()) + own


def _single_kinds(kinds: npt.NDArray[np.int8]) -> pa.Array:
    """A -U and its +U come apart where their event times differ: each stands for itself."""
    made = np.where(kinds == RowKind.UPDATE_BEFORE, RowKind.DELETE, kinds)
    return pa.array(np.where(made == RowKind.UPDATE_AFTER, RowKind.INSERT, made), pa.int8())


def _any_null(keys: pa.Table) -> npt.NDArray[np.bool_]:
    """Where a row has a NULL among its keys."""
    null = np.zeros(keys.num_rows, np.bool_)
    for column in keys.columns:
        if column.null_count:
            null |= pc.is_null(column).to_numpy()
    return null


def _last_not_after(of: Ids, since: Int64s, owner: Ids, times: Int64s) -> Int64s:
    """For each (owner, time) the place of the owner's last entry not after the time, or -1.

    Entries are in order of owner (`of`) and time (`since`).
    """
    count = len(of)
    owners = np.concatenate([of, owner])
    side = np.repeat(np.arange(2), [count, len(owner)])
    order = np.lexsort([side, np.concatenate([since, times]), owners])
    entry = np.where(order < count, order, -1)
    last = np.maximum.accumulate(np.where(entry >= 0, np.arange(len(order)), -1))
    place = np.where(last >= 0, order[last], -1)
    place = np.where((place >= 0) & (owners[order] == owners[place]), place, -1)
    found = np.full(len(order), -1, np.int64)
    found[order] = place
    return found[count:]
