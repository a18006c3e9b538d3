"""Windows of the Python API: `tumble("pickup_at", minutes=1)` and its like."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tidemill.api.expressions import col, interval
from tidemill.records import dataclass


@dataclass(frozen=True)
class Window:
    """A window table function over a time column; `render` puts it around a table."""

    function: str
    column: str
    lengths: tuple[dt.timedelta, ...]
    partition_by: tuple[str, ...] = ()

    def render(self, table: str) -> str:
        """The window over a table whose name is SQL already."""
        partition = ""
        if self.partition_by:
            partition = f" PARTITION BY {', '.join(col(name).sql for name in self.partition_by)}"
        parts = [f"TABLE {table}{partition}", f"DESCRIPTOR({col(self.column).sql})"]
        parts += [interval(length) for length in self.lengths]
        return f"TABLE({self.function}({', '.join(parts)}))"


def tumble(column: str, **length: Any) -> Window:
    """Windows that follow each other; the length as of `datetime.timedelta`: `minutes=1`."""
    return Window("TUMBLE", column, (dt.timedelta(**length),))


def hop(column: str, *, slide: dt.timedelta, **length: Any) -> Window:
    """Windows of a length, one starting every `slide`."""
    return Window("HOP", column, (slide, dt.timedelta(**length)))


def cumulate(column: str, *, step: dt.timedelta, **length: Any) -> Window:
    """Windows that share a start and grow by `step` up to a length."""
    return Window("CUMULATE", column, (step, dt.timedelta(**length)))


def session(column: str, *, by: str | tuple[str, ...] = (), **gap: Any) -> Window:
    """Windows that end when no row came for a gap, for each value of the columns `by`."""
    keys = (by,) if isinstance(by, str) else tuple(by)
    return Window("SESSION", column, (dt.timedelta(**gap),), keys)
