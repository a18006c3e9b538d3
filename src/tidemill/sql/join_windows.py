"""Joins within windows: what makes a join a window join, as Flink's planner sees it.

Both inputs come from window table functions (or aggregates in windows) of the same kind and
lengths, and the condition says that window_start and window_end are equal. Sessions of different
keys are joined as any rows are.
"""

from __future__ import annotations

from dataclasses import replace

from tidemill.records import dataclass
from tidemill.sql.expressions import Expression, InputRef
from tidemill.sql.join_conditions import conjuncts, equality
from tidemill.sql.logical import (
    Aggregate,
    Filter,
    Join,
    LogicalNode,
    Project,
    Rank,
    Watermark,
    WindowKind,
    WindowProperty,
    WindowSpec,
    WindowTableFunction,
)


@dataclass(frozen=True, slots=True)
class WindowEnds:
    """The fields of window_end on each side, and the window of both."""

    left: int
    right: int
    window: WindowSpec


def window_ends(node: Join) -> WindowEnds | None:
    """The windows of a window join; None where the join is none."""
    width = len(node.left.fields)
    found: dict[WindowProperty, WindowEnds] = {}
    for part in conjuncts(node.condition):
        pair = equality(part, width)
        if pair is None or pair.null_safe:
            continue
        left = _window_column(node.left, pair.left)
        right = _window_column(node.right, pair.right)
        if left is None or left != right:
            continue
        assert isinstance(pair.left, InputRef) and isinstance(pair.right, InputRef)
        found[left[1]] = WindowEnds(pair.left.index, pair.right.index, left[0])
    start, end = found.get(WindowProperty.START), found.get(WindowProperty.END)
    return end if start is not None and end is not None and start.window == end.window else None


def _window_column(
    node: LogicalNode, expression: Expression
) -> tuple[WindowSpec, WindowProperty] | None:
    """The window that a column stands for, untouched, and which part of it."""
    if not isinstance(expression, InputRef):
        return None
    index = expression.index
    match node:
        case WindowTableFunction():
            first = len(node.input.fields)
            if index < first:
                return None
            parts = (WindowProperty.START, WindowProperty.END, WindowProperty.TIME)
            return _lengths(node.window), parts[index - first]
        case Aggregate(window=WindowSpec() as window):
            place = index - len(node.keys)
            if not 0 <= place < len(node.window_properties):
                return None
            return _lengths(window), node.window_properties[place]
        case Project():
            return _window_column(node.input, node.expressions[index])
        case Filter() | Watermark():
            return _window_column(node.input, expression)
        case Rank():
            return _window_column(node.input, expression) if index < len(node.fields) - 1 else None
        case Join() if window_ends(node) is not None:
            width = len(node.left.fields)
            if index < width:
                return _window_column(node.left, expression)
            moved = replace(expression, index=index - width)
            return _window_column(node.right, moved)
        case _:
            return None


def _lengths(window: WindowSpec) -> WindowSpec:
    """The window without the columns that it is over; sessions are alike within equal keys only."""
    keys = window.partition_columns if window.kind is WindowKind.SESSION else ()
    return replace(window, time_column=0, partition_columns=keys)
