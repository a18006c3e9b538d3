"""A regular join over streams and changelogs.

Both sides keep their rows. A batch of one side is summed up; what goes and what comes finds its
partners on the other. Rows of a side that come out alone (padded by an outer join; with or without
a partner in a semi or anti join) carry the number of their partners.

Guarantees: the changelog is legal, and whatever the batches and the order of the sides, it comes to
the join of the rows that are there. Of each batch's changes all that withdraw come before all that
add. NULL keys match nothing. A row of which the other side's partner has outlived
`table.exec.state.ttl` is not withdrawn. With `final` nothing comes out before the end, then each
row once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from tidemill.engine.clock import Clock
from tidemill.engine.kernel import Kernel
from tidemill.engine.operators.join_side import Changes, Side
from tidemill.engine.state.multi_index import Int64s
from tidemill.engine.state.row_bag import Codes
from tidemill.engine.state.several import delta_of, restore_all
from tidemill.errors import EngineError, Where
from tidemill.interfaces.operator import StateDelta
from tidemill.model import RowKind
from tidemill.plan.operators.regular_join import RegularJoinStage
from tidemill.plan.physical import KIND, ROW
from tidemill.plan.windows import MAX_WATERMARK_US
from tidemill.sql.logical import JoinKind

_PAIRS_MAX = 1_000_000
"""Pairs whose condition is asked for at once."""
_ROWS_MAX = 100_000
"""Rows that come out at once."""
_LEFT, _RIGHT = 0, 1


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of one side, by their indexes in a table or their positions in its bag."""

    table: pa.Table | None
    indexes: Int64s


class RegularJoin:
    """The state of one join; compute thread only."""

    def __init__(
        self,
        stage: RegularJoinStage,
        kernel: Kernel,
        schemas: Sequence[pa.Schema],
        clock: Clock,
        deltas_max: int = 64,
    ) -> None:
        """`schemas` are what the edges' queries of the left and of the right side give."""
        self.stage = stage
        self._kernel = kernel
        self._clock = clock
        self._ttl = any(side.ttl_ms for side in stage.sides)
        self._sides = [
            Side(side, f"{stage.id}_{port}", schemas[port], kernel, deltas_max)
            for port, side in enumerate(stage.sides)
        ]
        self._states = {"left": self._sides[0].bag, "right": self._sides[1].bag}
        kind = stage.kind
        unmatched = (kind.keeps_left or kind is JoinKind.ANTI, kind.keeps_right)
        self._alone = (
            True if unmatched[0] else False if kind is JoinKind.SEMI else None,
            True if unmatched[1] else None,
        )
        """Whether a side's rows come out alone: without a partner (True), with one (False)."""
        self._finished = self._finished_saved = False
        self.unmatched = 0
        """Rows that found no partner when they came, since somebody has last set this to 0."""

    def add(self, port: int, rows: pa.Table) -> Iterator[pa.Table]:
        """Take rows of one side; gives what changed. To be read to its end."""
        if not rows.num_rows:
            return
        now_ms = self._clock.now_ms() if self._ttl else 0
        own = self._sides[port]
        changes = own.changes(rows, now_ms)
        if self.stage.final:
            self._finished = False
            own.bag.remove(changes.gone)
            self._keep(port, changes, None, now_ms)
        else:
            yield from self._join(port, changes, now_ms)
        for side in self._sides:
            side.bag.settle(now_ms)

    def advance(self, watermark_us: int) -> Iterator[pa.Table]:
        """At the end of bounded input: all rows."""
        if not self.stage.final or watermark_us < MAX_WATERMARK_US or self._finished:
            return
        self._finished = True
        left, right = (side.bag for side in self._sides)
        partners = np.zeros(len(right), np.int64)
        everything = right.live()
        places = np.zeros(int(everything.max(initial=-1)) + 1, np.int64)
        places[everything] = np.arange(len(everything))
        all_left = left.live()
        for start in range(0, len(all_left), _ROWS_MAX):
            rows = left.take(all_left[start : start + _ROWS_MAX])
            codes = self._sides[_LEFT].live_codes(rows)
            owners, found = self._partners(_LEFT, rows, codes, 0)
            partners += np.bincount(places[found], minlength=len(partners))
            numbers = np.bincount(owners, minlength=rows.num_rows)
            self.unmatched += int((numbers == 0).sum())
            yield from self._pairs(_LEFT, _Rows(rows, owners), found, RowKind.INSERT)
            alone = self._come_alone(_LEFT, numbers)
            yield from self._single(_LEFT, _Rows(rows, alone), RowKind.INSERT)
        self.unmatched += int((partners == 0).sum())
        alone = everything[self._come_alone(_RIGHT, partners)]
        yield from self._single(_RIGHT, _Rows(None, alone), RowKind.INSERT)

    # -- a batch

    def _join(self, port: int, changes: Changes, now_ms: int) -> Iterator[pa.Table]:
        other = 1 - port
        own_bag = self._sides[port].bag
        gone, came = changes.gone, changes.rows
        gone_rows = own_bag.take(gone)
        gone_owners, gone_found = self._partners(port, gone_rows, changes.gone_codes, now_ms)
        owners, found = self._partners(port, came, changes.codes, now_ms)
        lost, won = self._count(other, gone_found, found, now_ms)
        # what withdraws
        yield from self._pairs(port, _Rows(gone_rows, gone_owners), gone_found, RowKind.DELETE)
        alone = self._come_alone(port, own_bag.numbers(gone))
        yield from self._single(port, _Rows(gone_rows, alone), RowKind.DELETE)
        matched = self._alone[other] is False
        yield from self._single(other, _Rows(None, lost if matched else won), RowKind.DELETE)
        # what adds
        numbers = np.bincount(owners, minlength=came.num_rows)
        self.unmatched += int((numbers == 0).sum())
        yield from self._pairs(port, _Rows(came, owners), found, RowKind.INSERT)
        yield from self._single(port, _Rows(came, self._come_alone(port, numbers)), RowKind.INSERT)
        yield from self._single(other, _Rows(None, won if matched else lost), RowKind.INSERT)
        own_bag.remove(gone)
        self._keep(port, changes, numbers, now_ms)

    def _keep(self, port: int, changes: Changes, numbers: Int64s | None, now_ms: int) -> None:
        """Rows that can neither find a partner nor come out alone are not kept."""
        rows, codes = changes.rows, changes.codes
        if self._alone[port] is not True and not codes.keyed.all():
            rows = rows.filter(pa.array(codes.keyed))
            numbers = None if numbers is None else numbers[codes.keyed]
            codes = codes.take(codes.keyed)
        self._sides[port].bag.add(rows, codes, numbers, now_ms)

    def _count(self, other: int, gone: Int64s, came: Int64s, now_ms: int) -> tuple[Int64s, Int64s]:
        """Bring the other side's numbers up to date: who lost the last partner, who won one."""
        nothing = np.zeros(0, np.int64)
        if self._alone[other] is None or not (len(gone) or len(came)):
            return nothing, nothing
        touched, places = np.unique(np.concatenate([gone, came]), return_inverse=True)
        step = np.repeat([-1, 1], [len(gone), len(came)])
        change = np.bincount(places, weights=step, minlength=len(touched)).astype(np.int64)
        bag = self._sides[other].bag
        before = bag.numbers(touched)
        after = np.maximum(before + change, 0)
        bag.set_numbers(touched, after, now_ms)
        lost = touched[(before > 0) & (after == 0)]
        return lost, touched[(before == 0) & (after > 0)]

    def _come_alone(self, port: int, numbers: Int64s) -> Int64s:
        """The indexes of rows that come out alone, by the numbers of their partners."""
        alone = self._alone[port]
        if alone is None:
            return np.zeros(0, np.int64)
        return np.flatnonzero((numbers == 0) == alone)

    # -- partners

    def _partners(
        self, port: int, rows: pa.Table, codes: Codes, now_ms: int
    ) -> tuple[Int64s, Int64s]:
        """For each row of one side its partners on the other: index of the row, and position."""
        bag = self._sides[1 - port].bag
        keyed = np.flatnonzero(codes.keyed)
        if not len(bag) or not len(keyed):
            nothing = np.zeros(0, np.int64)
            return nothing, nothing
        keys = codes.keys[keyed]
        owners, found = [], []
        for start, stop in _slices(bag.candidates(keys)):
            owner, position = bag.find(keys[start:stop], now_ms)
            owner = keyed[owner + start]
            if self.stage.condition and len(owner):
                true = self._test(port, rows.take(pa.array(owner)), position)
                owner, position = owner[true], position[true]
            owners.append(owner)
            found.append(position)
        return np.concatenate(owners), np.concatenate(found)

    def _test(self, port: int, rows: pa.Table, positions: Int64s) -> Int64s:
        """Which of the candidates are pairs."""
        own, other = self.stage.sides[port], self.stage.sides[1 - port]
        there = self._sides[1 - port].bag.take(positions, _firsts(other.compared))
        columns = [rows.column(name) for name, _ in own.compared]
        columns += [there.column(name) for name, _ in other.compared]
        names = [name for side in (own, other) for _, name in side.compared]
        order = np.argsort(names)  # one schema, whichever side came
        pairs = pa.table(
            [*(columns[i] for i in order), pa.array(np.arange(len(positions)))],
            names=[*(names[i] for i in order), ROW],
        )
        relation = f"{self.stage.id}_pairs"
        try:
            true = self._kernel.run(self.stage.condition, relation, pairs).column(0).to_numpy()
        except duckdb.Error as error:
            raise EngineError(
                f"the condition of a join failed: {str(error).splitlines()[0]}",
                code="engine.join-failed",
                where=Where(operator=self.stage.id),
                detail=f"Condition: {self.stage.residual}.",
                hint="Guard it, such as CASE WHEN b <> 0 THEN a / b > 1 END or TRY_CAST.",
            ) from error
        return np.sort(true)

    # -- what comes out

    def _pairs(self, port: int, rows: _Rows, partners: Int64s, kind: RowKind) -> Iterator[pa.Table]:
        if not self.stage.kind.pairs:
            return
        for start in range(0, len(partners), _ROWS_MAX):
            part = slice(start, start + _ROWS_MAX)
            sides: dict[int, pa.Table] = {
                port: self._table(port, _Rows(rows.table, rows.indexes[part])),
                1 - port: self._table(1 - port, _Rows(None, partners[part])),
            }
            yield self._shown(sides, kind)

    def _single(self, port: int, rows: _Rows, kind: RowKind) -> Iterator[pa.Table]:
        for start in range(0, len(rows.indexes), _ROWS_MAX):
            part = _Rows(rows.table, rows.indexes[start : start + _ROWS_MAX])
            yield self._shown({port: self._table(port, part)}, kind)

    def _table(self, port: int, rows: _Rows) -> pa.Table:
        if rows.table is not None:
            return rows.table.take(pa.array(rows.indexes))
        return self._sides[port].bag.take(rows.indexes)

    def _shown(self, sides: dict[int, pa.Table], kind: RowKind) -> pa.Table:
        """The output columns; those that nobody reads, and those of a missing side, are NULL."""
        stage = self.stage
        count = next(iter(sides.values())).num_rows
        columns: list[pa.Array | pa.ChunkedArray] = []
        for i, field in enumerate(stage.schema):
            if field.name == KIND:
                columns.append(pa.array(np.full(count, int(kind), np.int8)))
                continue
            port, index = (0, i) if i < stage.width else (1, i - stage.width)
            if port in sides and i in stage.used:
                columns.append(sides[port].column(f"c{index}"))
            else:
                columns.append(pa.nulls(count, field.type))
        return pa.table(columns, names=stage.schema.names).cast(stage.schema)

    # -- state

    def delta(self) -> StateDelta | None:
        """What changed since the last delta."""
        meta = {"finished": str(int(self._finished))}
        delta = delta_of(self._states, meta)
        if delta is None and self._finished != self._finished_saved:
            delta = StateDelta(False, {}, meta)
        self._finished_saved = self._finished
        return delta

    def restore(self, deltas: Sequence[StateDelta]) -> None:
        """Rebuild the state from a base and the deltas after it."""
        restore_all(self._states, deltas)
        if deltas:
            self._finished = self._finished_saved = deltas[-1].meta["finished"] == "1"

    def state_bytes(self) -> int:
        """Size of both sides in bytes."""
        return sum(side.bag.state_bytes() for side in self._sides)


def _firsts(pairs: Sequence[tuple[str, str]]) -> list[str]:
    return list(dict.fromkeys(first for first, _ in pairs))


def _slices(sizes: Int64s) -> Iterator[tuple[int, int]]:
    """Runs of rows with about as many candidates as may be asked for at once."""
    ends = np.cumsum(sizes)
    start = 0
    while start < len(sizes):
        reached = int(ends[start - 1]) if start else 0
        stop = int(np.searchsorted(ends, reached + _PAIRS_MAX, "right"))
        stop = max(stop, start + 1)
        yield start, stop
        start = stop
