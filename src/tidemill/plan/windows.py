"""The arithmetic of TUMBLE, HOP and CUMULATE windows, on integers of epoch microseconds.

Windows have ends on a grid of step `slide_us`; rows are gathered in panes of `gcd(size, slide)`
so that windows share them. CUMULATE windows grow by the step until they reach the size: all of
them begin where the greatest one does. All divisions floor, so times before 1970 and offsets of
either sign are right. The Python methods take ints and numpy arrays alike; the SQL functions
build the same arithmetic for DuckDB, whose `%` truncates.
"""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from sqlglot import exp

from tidemill.plan.lowering.build import fn
from tidemill.records import dataclass
from tidemill.sql.logical import WindowKind, WindowSpec

Micros = TypeVar("Micros", int, npt.NDArray[np.int64])

MILLI_US = 1_000
"""A window of end e fires when the watermark reaches e minus one millisecond, as in Flink."""

MIN_WATERMARK_US = -(2**61)
"""No watermark yet."""

MAX_WATERMARK_US = 2**61
"""The end of a bounded input."""


@dataclass(frozen=True, slots=True)
class WindowGrid:
    """Where windows and panes lie."""

    size_us: int
    slide_us: int
    offset_us: int = 0
    cumulates: bool = False

    @property
    def pane_us(self) -> int:
        """Width of a pane."""
        return math.gcd(self.size_us, self.slide_us)

    @property
    def hops(self) -> bool:
        """Whether a pane belongs to more than one window."""
        return self.size_us != self.slide_us

    def pane(self, time_us: Micros) -> Micros:
        """Start of the pane of a time."""
        return time_us - (time_us - self.offset_us) % self.pane_us

    def first_end(self, time_us: Micros) -> Micros:
        """End of the first window that holds a time."""
        return time_us - (time_us - self._phase) % self.slide_us + self.slide_us

    def last_end(self, time_us: Micros) -> Micros:
        """End of the last window that holds a time."""
        last = time_us + self.size_us
        step_us = self.size_us if self.cumulates else self.slide_us
        return last - (last - self._phase) % step_us

    def next_unfired(self, watermark_us: Micros) -> Micros:
        """End of the first window that a watermark has not fired."""
        return self.first_end(watermark_us + MILLI_US)

    def last_fired(self, watermark_us: int) -> int:
        """End of the last window that a watermark has fired."""
        return self.next_unfired(watermark_us) - self.slide_us

    @property
    def phase_us(self) -> int:
        """Where in a step windows end."""
        return self._phase % self.slide_us

    @property
    def _phase(self) -> int:
        return self.offset_us if self.cumulates else (self.offset_us + self.size_us) % self.slide_us

    def pane_sql(self, time_us: exp.Expression) -> exp.Expression:
        """The pane of a time, for DuckDB."""
        return exp.Sub(
            this=exp.paren(time_us.copy()),
            expression=floor_mod(minus(time_us, self.offset_us), self.pane_us),
        )

    def first_end_sql(self, time_us: exp.Expression) -> exp.Expression:
        """The first window's end, for DuckDB."""
        rest = floor_mod(minus(time_us, self._phase), self.slide_us)
        return plus(exp.Sub(this=exp.paren(time_us.copy()), expression=rest), self.slide_us)

    def last_end_sql(self, time_us: exp.Expression) -> exp.Expression:
        """The last window's end, for DuckDB."""
        last = plus(time_us, self.size_us)
        step_us = self.size_us if self.cumulates else self.slide_us
        rest = floor_mod(minus(last, self._phase), step_us)
        return exp.Sub(this=exp.paren(last), expression=rest)

    def start_sql(self, end_us: exp.Expression) -> exp.Expression:
        """The start of the window with an end, for DuckDB."""
        if not self.cumulates:
            return minus(end_us, self.size_us)
        rest = floor_mod(minus(end_us, self.offset_us + 1), self.size_us)
        return exp.Sub(this=exp.paren(minus(end_us, 1)), expression=rest)


def grid_of(window: WindowSpec) -> WindowGrid:
    """The grid of a window that is none of sessions."""
    slide_ms = window.size_ms if window.slide_ms is None else window.slide_ms
    cumulates = window.kind is WindowKind.CUMULATE
    return WindowGrid(window.size_ms * 1000, slide_ms * 1000, window.offset_ms * 1000, cumulates)


def number(value: int) -> exp.Expression:
    """A BIGINT constant."""
    return exp.cast(exp.Literal.number(value), "BIGINT")


def plus(left: exp.Expression, right: int) -> exp.Expression:
    """`left + right`."""
    return exp.Add(this=exp.paren(left.copy()), expression=number(right)) if right else left.copy()


def minus(left: exp.Expression, right: int) -> exp.Expression:
    """`left - right`."""
    return plus(left, -right)


def floor_mod(value: exp.Expression, modulus: int) -> exp.Expression:
    """The remainder with the modulus' sign: DuckDB's own takes the sign of the value."""
    once = exp.Mod(this=exp.paren(value), expression=number(modulus))
    return exp.paren(
        exp.Mod(this=exp.paren(plus(once, modulus)), expression=number(modulus)),
    )


def micros(timestamp: exp.Expression) -> exp.Expression:
    """Epoch microseconds of a timestamp."""
    return fn("EPOCH_US", timestamp)


def timestamp_of(time_us: exp.Expression, local: bool) -> exp.Expression:
    """The TIMESTAMP (or, with `local`, the TIMESTAMP_LTZ) of epoch microseconds."""
    return fn("MAKE_TIMESTAMPTZ" if local else "MAKE_TIMESTAMP", time_us)
