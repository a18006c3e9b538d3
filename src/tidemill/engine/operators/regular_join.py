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

import numpy as np
import pyarrow as pa

from tidemill.engine.clock import Clock
from tidemill.engine.kernel import Kernel
from tidemill.engine.operators.join_side import Changes
from tidemill.engine.operators.two_sides import ROWS_MAX, Chosen, TwoSides
from tidemill.engine.state.multi_index import Int64s
from tidemill.engine.state.several import delta_of, restore_all
from tidemill.interfaces.operator import StateDelta
from tidemill.model import RowKind
from tidemill.plan.operators.regular_join import RegularJoinStage
from tidemill.plan.windows import MAX_WATERMARK_US

_LEFT, _RIGHT = 0, 1


class RegularJoin(TwoSides):
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
        super().__init__(stage, kernel, schemas, deltas_max)
        self._final = stage.final
        self._clock = clock
        self._ttl = any(side.ttl_ms for side in stage.sides)
        self._states = {"left": self.sides[0].bag, "right": self.sides[1].bag}
        self._finished = self._finished_saved = False

    def add(self, port: int, rows: pa.Table) -> Iterator[pa.Table]:
        """Take rows of one side; gives what changed. To be read to its end."""
        if not rows.num_rows:
            return
        now_ms = self._clock.now_ms() if self._ttl else 0
        own = self.sides[port]
        changes = own.changes(rows, now_ms)
        if self._final:
            self._finished = False
            own.bag.remove(changes.gone)
            self._keep(port, changes, None, now_ms)
        else:
            yield from self._join(port, changes, now_ms)
        for side in self.sides:
            side.bag.settle(now_ms)

    def advance(self, watermark_us: int) -> Iterator[pa.Table]:
        """At the end of bounded input: all rows."""
        if not self._final or watermark_us < MAX_WATERMARK_US or self._finished:
            return
        self._finished = True
        left, right = (side.bag for side in self.sides)
        partners = np.zeros(len(right), np.int64)
        everything = right.live()
        places = np.zeros(int(everything.max(initial=-1)) + 1, np.int64)
        places[everything] = np.arange(len(everything))
        all_left = left.live()
        for start in range(0, len(all_left), ROWS_MAX):
            rows = left.take(all_left[start : start + ROWS_MAX])
            codes = self.sides[_LEFT].live_codes(rows)
            owners, found = self.partners(_LEFT, rows, codes, 0)
            partners += np.bincount(places[found], minlength=len(partners))
            numbers = np.bincount(owners, minlength=rows.num_rows)
            self.unmatched += int((numbers == 0).sum())
            yield from self.pairs(_LEFT, Chosen(rows, owners), found, RowKind.INSERT)
            alone = self.come_alone(_LEFT, numbers)
            yield from self.single(_LEFT, Chosen(rows, alone), RowKind.INSERT)
        self.unmatched += int((partners == 0).sum())
        alone = everything[self.come_alone(_RIGHT, partners)]
        yield from self.single(_RIGHT, Chosen(None, alone), RowKind.INSERT)

    # -- a batch

    def _join(self, port: int, changes: Changes, now_ms: int) -> Iterator[pa.Table]:
        other = 1 - port
        own_bag = self.sides[port].bag
        gone, came = changes.gone, changes.rows
        gone_rows = own_bag.take(gone)
        gone_owners, gone_found = self.partners(port, gone_rows, changes.gone_codes, now_ms)
        owners, found = self.partners(port, came, changes.codes, now_ms)
        lost, won = self._count(other, gone_found, found, now_ms)
        # what withdraws
        yield from self.pairs(port, Chosen(gone_rows, gone_owners), gone_found, RowKind.DELETE)
        alone = self.come_alone(port, own_bag.numbers(gone))
        yield from self.single(port, Chosen(gone_rows, alone), RowKind.DELETE)
        matched = self.alone[other] is False
        yield from self.single(other, Chosen(None, lost if matched else won), RowKind.DELETE)
        # what adds
        numbers = np.bincount(owners, minlength=came.num_rows)
        self.unmatched += int((numbers == 0).sum())
        yield from self.pairs(port, Chosen(came, owners), found, RowKind.INSERT)
        yield from self.single(port, Chosen(came, self.come_alone(port, numbers)), RowKind.INSERT)
        yield from self.single(other, Chosen(None, won if matched else lost), RowKind.INSERT)
        own_bag.remove(gone)
        self._keep(port, changes, numbers, now_ms)

    def _keep(self, port: int, changes: Changes, numbers: Int64s | None, now_ms: int) -> None:
        """Rows that can neither find a partner nor come out alone are not kept."""
        rows, codes = changes.rows, changes.codes
        if self.alone[port] is not True and not codes.keyed.all():
            rows = rows.filter(pa.array(codes.keyed))
            numbers = None if numbers is None else numbers[codes.keyed]
            codes = codes.take(codes.keyed)
        self.sides[port].bag.add(rows, codes, numbers, now_ms)

    def _count(self, other: int, gone: Int64s, came: Int64s, now_ms: int) -> tuple[Int64s, Int64s]:
        """Bring the other side's numbers up to date: who lost the last partner, who won one."""
        nothing = np.zeros(0, np.int64)
        if self.alone[other] is None or not (len(gone) or len(came)):
            return nothing, nothing
        touched, places = np.unique(np.concatenate([gone, came]), return_inverse=True)
        step = np.repeat([-1, 1], [len(gone), len(came)])
        change = np.bincount(places, weights=step, minlength=len(touched)).astype(np.int64)
        bag = self.sides[other].bag
        before = bag.numbers(touched)
        after = np.maximum(before + change, 0)
        bag.set_numbers(touched, after, now_ms)
        lost = touched[(before > 0) & (after == 0)]
        return lost, touched[(before == 0) & (after > 0)]

    # -- state

    @property
    def ended(self) -> bool:
        """Whether the result of the whole input has come out."""
        return self._finished

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
        return sum(side.bag.state_bytes() for side in self.sides)
