"""INTERSECT and EXCEPT over changelogs, or once over bounded input.

State holds each different row with how often the left and the right side have it. A batch touches
only its own rows.

Guarantees: the changelog is legal (a -D only of a row that is there) and, whatever the batches,
comes to the operation's result. Rows that neither side touches for `table.exec.state.ttl` are
forgotten without a trace. Over bounded input the result comes at its end, as inserts.
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
from tidemill.interfaces.operator import StateDelta
from tidemill.model import RowKind
from tidemill.plan.operators.set_operation import SetStage
from tidemill.plan.physical import KIND
from tidemill.plan.ranks import WEIGHT
from tidemill.plan.windows import MAX_WATERMARK_US
from tidemill.sql.logical import SetOperator

Counts = npt.NDArray[np.int64]
_SIDES = ("$left", "$right")


class SetOperation:
    """The counts of one set operation; compute thread only."""

    def __init__(
        self, stage: SetStage, kernel: Kernel, rows: pa.Schema, clock: Clock, deltas_max: int = 64
    ) -> None:
        """`rows` is the schema that the edges' queries give."""
        self.stage = stage
        self._clock = clock
        self._names = [name for name in stage.schema.names if name != KIND]
        fields = [rows.field(name) for name in self._names]
        schema = pa.schema([*fields, *(pa.field(side, pa.int64()) for side in _SIDES)])
        self._state = KeyedState(kernel, stage.id, schema, self._names, stage.ttl_ms, deltas_max)
        self._finished = False

    def add(self, rows: pa.Table, port: int) -> list[pa.Table]:
        """Take different rows with their weights on one side; gives what changed."""
        if not rows.num_rows:
            return []
        self._finished = False
        weights = rows.column(WEIGHT).to_numpy()
        rows = rows.select(self._names)
        hashes = self._state.hashes(rows)
        ids = self._state.find(rows, hashes)
        now_ms = self._clock.now_ms() if self.stage.ttl_ms else 0
        self._expire(ids, now_ms)
        before = self._counts(ids)
        after = before.copy()
        after[:, port] += weights
        self._store(rows, after, hashes, ids, now_ms)
        if self.stage.at_end:
            return []
        return self._changes(rows, self._times(after) - self._times(before))

    def _counts(self, ids: Ids) -> Counts:
        counts = np.zeros((len(ids), 2), np.int64)
        known = np.flatnonzero(ids != EMPTY)
        if len(known):
            stored, _ = self._state.take(ids[known])
            for port, side in enumerate(_SIDES):
                counts[known, port] = stored.column(side).to_numpy()
        return counts

    def _times(self, counts: Counts) -> Counts:
        """How often each row stands in the result."""
        left, right = np.maximum(counts, 0).T
        if not self.stage.all:
            left, right = np.minimum(left, 1), np.minimum(right, 1)
        common: Counts = np.minimum(left, right)
        return common if self.stage.operator is SetOperator.INTERSECT else left - common

    def _store(
        self, rows: pa.Table, counts: Counts, hashes: np.ndarray, ids: Ids, now_ms: int
    ) -> None:
        """Keep the new counts; a row that neither side has is forgotten."""
        there = counts.any(axis=1)
        self._state.remove(ids[~there & (ids != EMPTY)])
        new = np.flatnonzero(there & (ids == EMPTY))
        ids[new] = self._state.add(hashes[new])
        kept = rows.filter(pa.array(there))
        for port, side in enumerate(_SIDES):
            kept = kept.append_column(side, pa.array(counts[there, port]))
        self._state.put(ids[there], kept, None, now_ms)
        self._state.settle()

    def _changes(self, rows: pa.Table, more: Counts) -> list[pa.Table]:
        """So many -D or +I of each row."""
        which = np.repeat(np.arange(len(more)), np.abs(more))
        if not len(which):
            return []
        kinds = np.where(more[which] > 0, RowKind.INSERT, RowKind.DELETE).astype(np.int8)
        changed = rows.take(pa.array(which)).append_column(KIND, pa.array(kinds))
        return [changed.cast(self.stage.schema)]

    def advance(self, watermark_us: int) -> list[pa.Table]:
        """At the end of a bounded input: the result."""
        if not self.stage.at_end or watermark_us < MAX_WATERMARK_US or self._finished:
            return []
        self._finished = True
        ids = self._state.live()
        rows, _ = self._state.take(ids)
        times = self._times(self._counts(ids))
        result = rows.select(self._names).take(pa.array(np.repeat(np.arange(len(ids)), times)))
        return [result.cast(self.stage.schema)] if result.num_rows else []

    def _expire(self, ids: Ids, now_ms: int) -> None:
        old = self._state.expired(now_ms, ids[ids != EMPTY])
        if len(old):
            ids[np.isin(ids, old)] = EMPTY
            self._state.remove(old)

    @property
    def ended(self) -> bool:
        """Whether the result of the whole input has come out."""
        return self._finished

    def delta(self) -> StateDelta | None:
        """What changed since the last delta."""
        meta = {"finished": str(int(self._finished))}
        delta = self._state.delta(meta)
        if delta is None and self._finished:
            return StateDelta(False, {"rows": self._state.schema.empty_table()}, meta)
        return delta

    def restore(self, deltas: Sequence[StateDelta]) -> None:
        """Rebuild the counts from a base and the deltas after it."""
        self._state.restore(deltas)
        if deltas:
            self._finished = deltas[-1].meta["finished"] == "1"

    def state_bytes(self) -> int:
        """Size of the state in bytes."""
        return self._state.state_bytes()
