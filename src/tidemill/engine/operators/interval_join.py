"""An interval join: rows of both sides meet where their times are near enough. Append-only.

A row is kept as long as a row of the other side that is not late can still meet it. Then it goes,
and comes out padded where its side is kept by the join and it has found no partner.

Guarantees: whatever the batches, each pair comes out once, as soon as both rows are there, and each
padded row once, when the watermark has passed the last time of a partner, in the order of time. A
late row still finds the partners that the watermark before it has left, and is kept while rows to
come can meet it, as on Flink; there it may also find one that should have gone, but has not been
cleaned up. No row comes out that is older than the watermark less `delay_us`, but for late ones.
On processing time the clock stands for both times.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from tidemill.engine.batches import Mask
from tidemill.engine.clock import Clock
from tidemill.engine.kernel import Kernel
from tidemill.engine.operators.join_side import codes
from tidemill.engine.operators.two_sides import Chosen, TwoSides
from tidemill.engine.state.multi_index import Int64s
from tidemill.engine.state.several import delta_of, restore_all
from tidemill.interfaces.operator import StateDelta
from tidemill.model import RowKind
from tidemill.plan.operators.interval_join import IntervalJoinStage
from tidemill.plan.physical import FIRST_END
from tidemill.plan.ranks import TIME
from tidemill.plan.windows import MAX_WATERMARK_US, MILLI_US, MIN_WATERMARK_US


class IntervalJoin(TwoSides):
    """The state of one join; compute thread only."""

    def __init__(
        self,
        stage: IntervalJoinStage,
        kernel: Kernel,
        schemas: Sequence[pa.Schema],
        clock: Clock,
        deltas_max: int = 64,
    ) -> None:
        """`schemas` are what the edges' queries of the left and of the right side give."""
        super().__init__(stage, kernel, schemas, deltas_max, stamped=True)
        self._clock = clock
        self._kept_us = stage.kept_us
        self._processing_time = stage.processing_time
        self._states = {"left": self.sides[0].bag, "right": self.sides[1].bag}
        self._first_us = [MAX_WATERMARK_US, MAX_WATERMARK_US]

    @property
    def padded_us(self) -> int | None:
        """The watermark behind which the first row may come out alone; from any thread."""
        if self._processing_time:
            return None
        firsts = [
            first + self._kept_us[port] + MILLI_US
            for port, first in enumerate(list(self._first_us))
            if self.alone[port] and first < MAX_WATERMARK_US
        ]
        return min(firsts, default=None)

    def add(self, port: int, rows: pa.Table) -> Iterator[pa.Table]:
        """Take rows of one side; gives their pairs. To be read to its end."""
        if not rows.num_rows:
            return
        other = 1 - port
        times, standing = self._times(rows)
        if self._processing_time:
            yield from self.advance(int(times[0]))
        bag, other_bag = self.sides[port].bag, self.sides[other].bag
        came, coded = rows.select(bag.schema.names), codes(rows)
        first = np.maximum(times, standing) - self._kept_us[other]
        last = times + self._kept_us[port]

        def near(owners: Int64s, positions: Int64s) -> Mask:
            partner = other_bag.stamps(positions)
            found: Mask = (partner >= first[owners]) & (partner <= last[owners])
            return found

        owners, found = self.partners(port, came, coded, near=near)
        if self.alone[other]:
            new = np.unique(found)
            new = new[other_bag.numbers(new) == 0]
            other_bag.set_numbers(new, np.ones(len(new), np.int64))
        yield from self.pairs(port, Chosen(came, owners), found, RowKind.INSERT)
        numbers = np.minimum(np.bincount(owners, minlength=len(times)), 1)
        kept = standing < last
        alone = np.flatnonzero(~kept & (numbers == 0))
        if self.alone[port]:
            self.unmatched += len(alone)
            yield from self.single(port, Chosen(came, alone), RowKind.INSERT)
        else:
            kept &= coded.keyed
        if kept.any():
            mask = pa.array(kept)
            bag.add(came.filter(mask), coded.take(kept), numbers[kept], times[kept])
            self._first_us[port] = min(self._first_us[port], int(times[kept].min()))

    def _times(self, rows: pa.Table) -> tuple[Int64s, Int64s]:
        """The time of each row, and the watermark before it, in microseconds."""
        if self._processing_time:
            now = np.full(rows.num_rows, self._clock.now_ms() * 1000, np.int64)
            return now, now
        times: Int64s = rows.column(TIME).to_numpy()
        if FIRST_END in rows.column_names:
            return times, rows.column(FIRST_END).to_numpy()
        return times, np.full(len(times), MIN_WATERMARK_US, np.int64)

    def advance(self, watermark_us: int) -> Iterator[pa.Table]:
        """Rows that can meet no more go; padded ones come out. To be read to its end."""
        for port, side in enumerate(self.sides):
            limit = watermark_us
            if watermark_us < MAX_WATERMARK_US:
                limit -= self._kept_us[port]
            if self._first_us[port] >= limit:
                continue
            bag = side.bag
            live = bag.live()
            times = bag.stamps(live)
            old = times < limit
            self._first_us[port] = int(times[~old].min(initial=MAX_WATERMARK_US))
            gone, times = live[old], times[old]
            if self.alone[port]:
                alone = bag.numbers(gone) == 0
                self.unmatched += int(alone.sum())
                order = np.argsort(times[alone], kind="stable")
                yield from self.single(port, Chosen(None, gone[alone][order]), RowKind.INSERT)
            bag.remove(gone)
            bag.settle()

    # -- state

    def delta(self) -> StateDelta | None:
        """What changed since the last delta."""
        return delta_of(self._states)

    def restore(self, deltas: Sequence[StateDelta]) -> None:
        """Rebuild the state from a base and the deltas after it."""
        restore_all(self._states, deltas)
        for port, side in enumerate(self.sides):
            times = side.bag.stamps(side.bag.live())
            self._first_us[port] = int(times.min(initial=MAX_WATERMARK_US))

    def state_bytes(self) -> int:
        """Size of both sides in bytes."""
        return sum(side.bag.state_bytes() for side in self.sides)
