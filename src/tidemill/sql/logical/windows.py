"""Windowing table functions and GROUP BY."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from tidemill.records import dataclass
from tidemill.sql.expressions import AggregateCall, Expression
from tidemill.sql.logical.fields import Fields, TimeAttribute

if TYPE_CHECKING:
    from tidemill.sql.logical.node import LogicalNode


class WindowKind(Enum):
    """The kinds of window."""

    TUMBLE = "TUMBLE"
    HOP = "HOP"
    CUMULATE = "CUMULATE"
    SESSION = "SESSION"


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """A window over the time attribute at index `time_column` of the input; all in milliseconds.

    TUMBLE: size. HOP: size and slide. CUMULATE: size (the maximum) and slide (the step).
    SESSION: gap as size, and the partition columns.
    """

    kind: WindowKind
    time_column: int
    time_attribute: TimeAttribute
    size_ms: int
    slide_ms: int | None = None
    offset_ms: int = 0
    partition_columns: tuple[int, ...] = ()
    in_group_by: bool = False
    """Whether it has the older form, in GROUP BY."""

    @property
    def on_clock(self) -> bool:
        """Whether the window is over processing time."""
        return self.time_attribute is TimeAttribute.PROCTIME


@dataclass(frozen=True, slots=True, eq=False)
class WindowTableFunction:
    """Assigns each row its window(s).

    Fields are the input's, then window_start, window_end and window_time.
    window_time is a time attribute, and the input's rowtime stays one, except after SESSION.
    """

    input: LogicalNode
    window: WindowSpec
    fields: Fields


class WindowProperty(Enum):
    """A key of a window aggregate that stands for the window itself."""

    START = "window_start"
    END = "window_end"
    TIME = "window_time"


@dataclass(frozen=True, slots=True, eq=False)
class Aggregate:
    """GROUP BY. Fields: the keys, then the window properties, then the aggregates.

    With `window` set it is a window aggregate: `input` is then the *input of the window function*
    (the binder has folded it in, whichever form the text used), results come out once per window
    when event time passes its end, append-only. Without, it is an unbounded aggregate that emits a
    changelog (or, over bounded input only, its final rows).
    """

    input: LogicalNode
    keys: tuple[Expression, ...]
    aggregates: tuple[AggregateCall, ...]
    fields: Fields
    window: WindowSpec | None = None
    window_properties: tuple[WindowProperty, ...] = ()
    row_over_nothing: bool = True
    """Whether bounded input without rows gives a row, where there are no keys and no window."""
