"""SESSION windows: aggregates in sessions, and the rows of sessions.

State is keyed: a key owns one row of partials for each of its open sessions (and counted value),
or their rows, with each session's number, start and end. A batch touches only its own keys; a
moment that passes touches only the keys that timers name.

Guarantees: each session comes out once, when event time reaches its end less one millisecond, in
the order of their ends; the same sessions come out however the input is cut into batches and
wherever it is restored, as `session_merge` says which rows are of one session. Groups whose rows
were all withdrawn do not come out.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa

from tidemill.engine.batches import Int64s, Mask, concat
from tidemill.engine.kernel import Kernel
from tidemill.engine.operators.aggregate_failure import aggregate_failed
from tidemill.engine.operators.session_merge import LATE, Spans, merge
from tidemill.engine.state.hash_index import EMPTY, Hashes, Ids
from tidemill.engine.state.keyed import KeyedState
from tidemill.engine.state.timers import Timers
from tidemill.interfaces.operator import StateDelta
from tidemill.plan.operators.session import SessionStage
from tidemill.plan.physical import ROW
from tidemill.plan.sessions import END, HEAD, SEQUENCE, SESSION, START, heads_query
from tidemill.plan.windows import MAX_WATERMARK_US, MILLI_US, MIN_WATERMARK_US
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where the rows of a batch belong, before anything is changed."""

    hashes: Hashes
    ids: Ids
    """Entries of the batch's keys; EMPTY for new ones."""
    stored: pa.Table
    """The stored rows of these keys, with their sessions' new numbers."""
    sessions: Spans
    first: int
    """The number of the first session."""
    of_rows: Int64s
    """Each row's session, from 0; LATE for late ones."""

    @property
    def late(self) -> Mask:
        """Which rows are late."""
        mask: Mask = self.of_rows == LATE
        return mask


class Sessions:
    """The open sessions of one operator; compute thread only."""

    def __init__(
        self, stage: SessionStage, kernel: Kernel, rows: pa.Schema, deltas_max: int = 64
    ) -> None:
        """`rows` is the schema that the edges' queries give."""
        self.stage = stage
        self._kernel = kernel
        self._keys = [f"g{i}" for i in range(len(stage.keys))]
        self._heads = heads_query(f"{stage.id}_rows", self._keys)
        schema = self._schema(rows)
        self._state = KeyedState(kernel, stage.id, schema, self._keys, 0, deltas_max)
        self._timers = Timers(max(stage.gap_us // 8, MILLI_US))
        self._next = 0
        self._arrived = 0
        self.fired_us = MIN_WATERMARK_US
        self.next_end_us: int | None = None
        """The first time at which an open session may end; read from any thread."""

    def _schema(self, rows: pa.Schema) -> pa.Schema:
        if self.stage.partial is None:
            kept = [f for f in rows if f.name[0] in "cg"]
            kept.append(pa.field(SEQUENCE, pa.int64()))
        else:
            nothing = pa.array([], pa.int64())
            empty = rows.empty_table().append_column(SESSION, nothing).append_column(ROW, nothing)
            partials = self._run(self.stage.partial, "batch", empty)
            merged = self._run(self.stage.merge or "", "", partials.drop_columns(["n"]))
            kept = [f for f in merged.schema if f.name != SESSION]
        numbers = [pa.field(name, pa.int64()) for name in (SESSION, START, END)]
        return pa.schema([*kept, *numbers])

    # -- a batch

    def assign(self, rows: pa.Table, times_us: Int64s, standing_us: Int64s | None) -> Assignment:
        """Find the session of each row; changes nothing."""
        groups, keys = self._groups(rows)
        hashes = self._state.hashes(keys)
        ids = self._state.find(keys, hashes)
        known = np.flatnonzero(ids != EMPTY)
        stored, owners = self._state.take(ids[known])
        of_stored, firsts = _sessions(stored)
        heads = stored.take(pa.array(firsts))
        open_ = Spans(
            known[owners[firsts]],
            heads.column(START).to_numpy(),
            heads.column(END).to_numpy(),
        )
        own = Spans(groups, times_us, times_us + self.stage.gap_us)
        merged = merge(open_, own, standing_us)
        numbers = pa.array(self._next + merged.of_open[of_stored], pa.int64())
        stored = stored.set_column(stored.column_names.index(SESSION), SESSION, numbers)
        return Assignment(hashes, ids, stored, merged.sessions, self._next, merged.of_rows)

    def _groups(self, rows: pa.Table) -> tuple[Ids, pa.Table]:
        """The number of each row's key in the batch, and the keys."""
        if not self._keys:
            return np.zeros(rows.num_rows, np.int64), rows.slice(0, 1)
        numbered = rows.select(self._keys).append_column("r", pa.array(np.arange(rows.num_rows)))
        made = self._run(self._heads, "rows", numbered)
        heads = np.empty(rows.num_rows, np.int64)
        heads[made.column("r").to_numpy()] = made.column(HEAD).to_numpy()
        firsts, groups = np.unique(heads, return_inverse=True)
        return groups.astype(np.int64), rows.take(pa.array(firsts))

    def partials(self, rows: pa.Table, made: Assignment) -> pa.Table:
        """What is kept of a batch's rows, beside their sessions; raises duckdb.Error."""
        of_rows = made.of_rows
        sequence = self._arrived + np.arange(rows.num_rows)
        if (of_rows == LATE).any():
            kept = of_rows != LATE
            rows, of_rows, sequence = rows.filter(pa.array(kept)), of_rows[kept], sequence[kept]
        numbered = rows.append_column(SESSION, pa.array(made.first + of_rows))
        if self.stage.partial is None:
            return numbered.append_column(SEQUENCE, pa.array(sequence))
        numbered = numbered.append_column(ROW, pa.array(sequence))
        query, relation = self.stage.partial, f"{self.stage.id}_batch"
        return self._kernel.run(query, relation, numbered).drop_columns(["n"])

    def add(self, partials: pa.Table, made: Assignment) -> None:
        """Take the partials of a batch and change its sessions."""
        self._arrived += len(made.of_rows)
        if not partials.num_rows:
            return
        self._next = made.first + len(made.sessions)
        names = [n for n in self._state.schema.names if n not in (START, END)]
        fresh = partials.select(names)
        table = concat([made.stored.select(names).cast(fresh.schema), fresh])
        if self.stage.merge is not None:
            table = self._run(self.stage.merge, "", table).select(names)
        places = table.column(SESSION).to_numpy() - made.first
        spans = made.sessions.take(places)
        table = table.append_column(START, pa.array(spans.start))
        table = table.append_column(END, pa.array(spans.end))
        order = np.argsort(places, kind="stable")  # sessions are in the order of their keys
        self._put(table.take(pa.array(order)), spans.group[order], made)

    def _put(self, rows: pa.Table, groups: Ids, made: Assignment) -> None:
        ids = made.ids.copy()
        sizes = np.bincount(groups, minlength=len(ids))
        filled = sizes > 0
        new = np.flatnonzero(filled & (ids == EMPTY))
        ids[new] = self._state.add(made.hashes[new])
        self._state.put(ids[filled], rows, sizes[filled].astype(np.int64))
        ends = made.sessions.end
        self._timers.add(ends, ids[made.sessions.group])
        self._settle()
        first = int(ends.min())
        self.next_end_us = first if self.next_end_us is None else min(first, self.next_end_us)

    def _settle(self) -> None:
        kept = self._state.settle()
        if kept is not None:
            self._timers.renumber(kept)

    # -- time

    def advance(self, time_us: int) -> list[pa.Table]:
        """The sessions that have ended when the clock of the windows shows this."""
        limit_us = time_us + MILLI_US
        done: list[pa.Table] = []
        due = self._timers.due(limit_us)
        due = due[self._state.there(due)]
        if len(due):
            rows, owners = self._state.take(due)
            ends = rows.column(END).to_numpy()
            ended = ends <= limit_us
            if ended.any():
                done = [self._finish(rows.filter(pa.array(ended)))]
                self.fired_us = max(self.fired_us, int(ends[ended].max()))
                self._keep(due, rows.filter(pa.array(~ended)), owners[~ended], owners[ended])
        if self.next_end_us is not None and self.next_end_us <= limit_us:
            self.next_end_us = self._timers.first()
        if time_us < MAX_WATERMARK_US:
            self.fired_us = max(self.fired_us, limit_us)
        return [table for table in done if table.num_rows]

    def _keep(self, due: Ids, rows: pa.Table, owners: Ids, ended: Ids) -> None:
        sizes = np.bincount(owners, minlength=len(due))
        changed = np.zeros(len(due), np.bool_)
        changed[ended] = True
        self._state.remove(due[changed & (sizes == 0)])
        left = changed & (sizes > 0)
        mine = left[owners]
        if left.any():
            self._state.put(due[left], rows.filter(pa.array(mine)), sizes[left].astype(np.int64))
        self._settle()

    def _finish(self, rows: pa.Table) -> pa.Table:
        return self._run(self.stage.emit, "ended", rows).cast(self.stage.schema)

    # -- state

    def delta(self) -> StateDelta | None:
        """What changed since the last delta."""
        meta = {
            "next": str(self._next), "arrived": str(self._arrived), "fired_us": str(self.fired_us)
        }  # fmt: skip
        return self._state.delta(meta)

    def restore(self, deltas: Sequence[StateDelta]) -> None:
        """Rebuild the state from a base and the deltas after it."""
        self._state.restore(deltas)
        if deltas:
            meta = deltas[-1].meta
            self._next, self._arrived = int(meta["next"]), int(meta["arrived"])
            self.fired_us = int(meta["fired_us"])
        live = self._state.live()
        rows, owners = self._state.take(live)
        self._timers = Timers(max(self.stage.gap_us // 8, MILLI_US))
        self._timers.add(rows.column(END).to_numpy(), live[owners])
        self.next_end_us = self._timers.first()

    def state_bytes(self) -> int:
        """Size of the state in bytes."""
        return self._state.state_bytes() + self._timers.nbytes

    def _run(self, query: str, relation: str, table: pa.Table) -> pa.Table:
        name = f"{self.stage.id}_{relation}" if relation else self.stage.id
        try:
            return self._kernel.run(query, name, table)
        except duckdb.Error as error:
            raise aggregate_failed(
                "a session could not be finished", error, self.stage.id, self.stage.aggregates
            ) from error


def _sessions(stored: pa.Table) -> tuple[Ids, Ids]:
    """Each stored row's session, and the first row of each session."""
    numbers = stored.column(SESSION).to_numpy()
    _, firsts, of_rows = np.unique(numbers, return_index=True, return_inverse=True)
    return of_rows.astype(np.int64), firsts
