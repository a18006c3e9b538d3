"""A join of both sides' rows within their windows. Append-only.

Rows wait until the watermark reaches the end of their window less one millisecond; then the rows of
the window are joined, all at once, and go.

Guarantees: each window comes out once, windows in the order of their ends; the same rows come out
however the input is cut into batches and wherever it is restored. Late rows have been taken out
before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from tidemill.engine.kernel import Kernel
from tidemill.engine.operators.join_side import codes
from tidemill.engine.operators.two_sides import ROWS_MAX, Chosen, TwoSides
from tidemill.engine.state.multi_index import Int64s
from tidemill.engine.state.several import delta_of, restore_all
from tidemill.interfaces.operator import StateDelta
from tidemill.model import RowKind
from tidemill.plan.operators.window_join import WindowJoinStage
from tidemill.plan.ranks import TIME
from tidemill.plan.windows import MAX_WATERMARK_US, MILLI_US, MIN_WATERMARK_US

_LEFT, _RIGHT = 0, 1


class WindowJoin(TwoSides):
    """The state of one join; compute thread only."""

    def __init__(
        self,
        stage: WindowJoinStage,
        kernel: Kernel,
        schemas: Sequence[pa.Schema],
        deltas_max: int = 64,
    ) -> None:
        """`schemas` are what the edges' queries of the left and of the right side give."""
        super().__init__(stage, kernel, schemas, deltas_max, stamped=True)
        self._states = {"left": self.sides[0].bag, "right": self.sides[1].bag}
        self._first_us = MAX_WATERMARK_US
        self.fired_us = MIN_WATERMARK_US
        """End of the last window that has come out."""
        self._fired_saved_us = MIN_WATERMARK_US

    @property
    def next_end_us(self) -> int | None:
        """End of the first window with rows that is open; from any thread."""
        return None if self._first_us >= MAX_WATERMARK_US else self._first_us

    def add(self, port: int, rows: pa.Table) -> None:
        """Take rows of one side, none of them late; they wait."""
        if not rows.num_rows:
            return
        ends: Int64s = rows.column(TIME).to_numpy()
        bag, coded = self.sides[port].bag, codes(rows)
        came = rows.select(bag.schema.names)
        if self.alone[port] is not True and not coded.keyed.all():
            came, ends = came.filter(pa.array(coded.keyed)), ends[coded.keyed]
            coded = coded.take(coded.keyed)
        bag.add(came, coded, None, ends)
        self._first_us = min(self._first_us, int(ends.min(initial=MAX_WATERMARK_US)))

    def advance(self, watermark_us: int) -> Iterator[pa.Table]:
        """The windows that event time has passed. To be read to its end."""
        limit = watermark_us + MILLI_US
        if watermark_us < MAX_WATERMARK_US:
            self.fired_us = max(self.fired_us, limit)
        if self._first_us > limit:
            return
        closing: list[Int64s] = []
        self._first_us = MAX_WATERMARK_US
        for side in self.sides:
            live = side.bag.live()
            ends = side.bag.stamps(live)
            closed = ends <= limit
            self._first_us = min(self._first_us, int(ends[~closed].min(initial=MAX_WATERMARK_US)))
            self.fired_us = max(self.fired_us, int(ends[closed].max(initial=MIN_WATERMARK_US)))
            order = np.argsort(ends[closed], kind="stable")
            closing.append(live[closed][order])
        yield from self._joined(*closing)
        for side, gone in zip(self.sides, closing, strict=True):
            side.bag.remove(gone)
            side.bag.settle()

    def _joined(self, left: Int64s, right: Int64s) -> Iterator[pa.Table]:
        """The join of the rows of closed windows."""
        places = np.zeros(int(right.max(initial=-1)) + 1, np.int64)
        places[right] = np.arange(len(right))
        partners = np.zeros(len(right), np.int64)
        for start in range(0, len(left), ROWS_MAX):
            rows = self.sides[_LEFT].bag.take(left[start : start + ROWS_MAX])
            coded = self.sides[_LEFT].live_codes(rows)
            owners, found = self.partners(_LEFT, rows, coded)
            partners += np.bincount(places[found], minlength=len(partners))
            numbers = np.bincount(owners, minlength=rows.num_rows)
            self.unmatched += int((numbers == 0).sum())
            yield from self.pairs(_LEFT, Chosen(rows, owners), found, RowKind.INSERT)
            alone = self.come_alone(_LEFT, numbers)
            yield from self.single(_LEFT, Chosen(rows, alone), RowKind.INSERT)
        self.unmatched += int((partners == 0).sum())
        alone = right[self.come_alone(_RIGHT, partners)]
        yield from self.single(_RIGHT, Chosen(None, alone), RowKind.INSERT)

    # -- state

    def delta(self) -> StateDelta | None:
        """What changed since the last delta."""
        meta = {"fired_us": str(self.fired_us)}
        delta = delta_of(self._states, meta)
        if delta is None and self.fired_us != self._fired_saved_us:
            delta = StateDelta(False, {}, meta)
        self._fired_saved_us = self.fired_us
        return delta

    def restore(self, deltas: Sequence[StateDelta]) -> None:
        """Rebuild the state from a base and the deltas after it."""
        restore_all(self._states, deltas)
        if deltas:
            self.fired_us = self._fired_saved_us = int(deltas[-1].meta["fired_us"])
        ends = [side.bag.stamps(side.bag.live()) for side in self.sides]
        self._first_us = int(np.concatenate(ends).min(initial=MAX_WATERMARK_US))

    def state_bytes(self) -> int:
        """Size of both sides in bytes."""
        return sum(side.bag.state_bytes() for side in self.sides)
