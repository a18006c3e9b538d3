"""The older form of windows: GROUP BY TUMBLE(ts, INTERVAL ...) with TUMBLE_START and its like."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tidemill.model.types import timestamp, timestamp_ltz
from tidemill.records import dataclass
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.scope import Scope
from tidemill.sql.binder.shapes import shape
from tidemill.sql.binder.windows import (
    duration_ms,
    not_time_attribute,
    time_column,
    window_spec,
)
from tidemill.sql.expressions import Call
from tidemill.sql.logical import RowField, TimeAttribute, WindowKind, WindowProperty, WindowSpec
from tidemill.sql.syntax.nodes import FunctionCall, Node, Path

_PARAMETERS = {
    WindowKind.TUMBLE: ("SIZE",),
    WindowKind.HOP: ("SLIDE", "SIZE"),
    WindowKind.SESSION: ("GAP",),
}
_PARTS = {
    "START": WindowProperty.START,
    "END": WindowProperty.END,
    "ROWTIME": WindowProperty.TIME,
}


@dataclass(frozen=True, slots=True)
class GroupWindow:
    """A window in GROUP BY; TUMBLE_START and the others must repeat its `arguments`."""

    kind: WindowKind
    spec: WindowSpec
    time: RowField
    arguments: Any

    def field(self, part: WindowProperty) -> RowField:
        """The output column of one of the window's properties."""
        if part is WindowProperty.TIME:
            return RowField(part.value, self.time.type, self.time.time_attribute)
        return RowField(part.value, timestamp(3, nullable=False))


def is_group_window(node: Node) -> bool:
    """Whether a key of GROUP BY is TUMBLE(...), HOP(...) or SESSION(...)."""
    return isinstance(node, FunctionCall) and node.name.text.upper() in ("TUMBLE", "HOP", "SESSION")


def bind_group_window(context: BindContext, scope: Scope, node: FunctionCall) -> GroupWindow:
    """The window of a GROUP BY key."""
    kind = WindowKind[node.name.text.upper()]
    names = _PARAMETERS[kind]
    least = len(names)
    if len(node.arguments) != least + 1:
        intervals = ", ".join(f"INTERVAL '1' HOUR /* {name.lower()} */" for name in names)
        raise context.error(
            "bad-window",
            f"{kind.value} takes a time column and {least} interval{'s' if least > 1 else ''}",
            node.span,
            hint=f"Write {kind.value}(ts, {intervals}).",
        )
    path = node.arguments[0]
    if not isinstance(path, Path):
        raise not_time_attribute(
            context, path.span, context.source.slice(path.span), "an expression"
        )
    time = time_column(context, scope, path)
    durations = {
        name: (duration_ms(context, scope, argument), argument.span)
        for name, argument in zip(names, node.arguments[1:], strict=False)
    }
    attribute = scope.fields[time.index].time_attribute or TimeAttribute.ROWTIME
    spec = window_spec(context, kind, time, attribute, node.span, durations, aligned=False)
    spec = replace(spec, in_group_by=True)
    arguments = tuple(shape(argument) for argument in node.arguments)
    return GroupWindow(kind, spec, scope.fields[time.index], arguments)


def auxiliary_property(
    context: BindContext, window: GroupWindow | None, node: FunctionCall
) -> WindowProperty | Call | None:
    """What TUMBLE_START(...) and the others mean in this query; None for another function.

    TUMBLE_PROCTIME is the time at which the row comes out, whatever the window is over.
    """
    name, _, part = node.name.text.upper().partition("_")
    if name not in ("TUMBLE", "HOP", "SESSION") or part not in (*_PARTS, "PROCTIME"):
        return None
    matches = (
        window is not None
        and window.kind.value == name
        and window.arguments == tuple(shape(argument) for argument in node.arguments)
    )
    if not matches:
        raise context.error(
            "bad-window",
            f"{node.name.text.upper()} has no {name} with the same arguments in GROUP BY",
            node.span,
            hint=f"Repeat the arguments of {name}(...) from GROUP BY exactly.",
        )
    if part == "PROCTIME":
        return Call("PROCTIME", (), timestamp_ltz(3, nullable=False), node.span)
    if part == "ROWTIME" and window is not None and window.spec.on_clock:
        raise context.error(
            "bad-window",
            f"{node.name.text.upper()} needs a window over event time, and this one is over "
            "processing time",
            node.span,
            hint=f"Write {name}_PROCTIME, or {name}_END for the end of the window.",
        )
    return _PARTS[part]
