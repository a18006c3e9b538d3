"""Window table functions: TUMBLE, HOP, CUMULATE, SESSION over a table and its time attribute."""

from __future__ import annotations

from collections.abc import Callable

from tidemill.errors import Span
from tidemill.model import TypeRoot
from tidemill.model.types import timestamp
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.expressions import ExpressionBinder
from tidemill.sql.binder.scope import Scope
from tidemill.sql.expressions import InputRef, Interval, Literal
from tidemill.sql.logical import (
    Fields,
    LogicalNode,
    RowField,
    TimeAttribute,
    WindowKind,
    WindowSpec,
    WindowTableFunction,
)
from tidemill.sql.syntax.nodes import (
    DerivedTable,
    Descriptor,
    ModelReference,
    Node,
    Path,
    TableReference,
    WindowArgument,
    WindowFunction,
)

_PARAMETERS: dict[WindowKind, tuple[tuple[str, ...], int]] = {
    WindowKind.TUMBLE: (("DATA", "TIMECOL", "SIZE", "OFFSET"), 3),
    WindowKind.HOP: (("DATA", "TIMECOL", "SLIDE", "SIZE", "OFFSET"), 4),
    WindowKind.CUMULATE: (("DATA", "TIMECOL", "STEP", "SIZE", "OFFSET"), 4),
    WindowKind.SESSION: (("DATA", "TIMECOL", "GAP"), 3),
}
_SHAPES = {
    WindowKind.TUMBLE: "TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))",
    WindowKind.HOP: "TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '5' MINUTE, INTERVAL '1' HOUR))",
    WindowKind.CUMULATE: (
        "TABLE(CUMULATE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR, INTERVAL '1' DAY))"
    ),
    WindowKind.SESSION: (
        "TABLE(SESSION(TABLE t PARTITION BY k, DESCRIPTOR(ts), INTERVAL '5' MINUTE))"
    ),
}


def bind_window_function(
    context: BindContext,
    node: WindowFunction,
    bind_table: Callable[[TableReference | DerivedTable], LogicalNode],
) -> WindowTableFunction:
    """The node of one window table function."""
    kind = _kind(context, node)
    arguments = _arguments(context, node, kind)
    data = arguments["DATA"].value
    if not isinstance(data, (TableReference, DerivedTable)):
        raise context.error(
            "bad-window",
            f"the first argument of {kind.value} is a table",
            arguments["DATA"].span,
            hint=f"Write {_SHAPES[kind]}.",
        )
    table = bind_table(data)
    scope = Scope(context.source, table.fields)
    time = time_column(context, scope, _descriptor(context, kind, arguments["TIMECOL"]))
    attribute = table.fields[time.index].time_attribute or TimeAttribute.ROWTIME
    partition = tuple(_partition_column(context, scope, path) for path in node.partition_by)
    spec = window_spec(
        context, kind, time, attribute, node.span, _durations(context, scope, arguments), partition
    )
    # The rows of a session come when it closes, when their own time is behind the watermark.
    kept = _without_time(table.fields) if kind is WindowKind.SESSION else table.fields
    fields = (*kept, *_window_fields(table.fields[time.index]))
    return WindowTableFunction(table, spec, fields)


def _kind(context: BindContext, node: WindowFunction) -> WindowKind:
    name = node.function.text.upper()
    if name not in WindowKind.__members__:
        raise context.unsupported(
            f"the table function {node.function.text}",
            node.function.span,
            f"Window table functions are {', '.join(WindowKind.__members__)}.",
        )
    kind = WindowKind[name]
    if node.partition_by and kind is not WindowKind.SESSION:
        raise context.error(
            "bad-window",
            f"{name} takes no PARTITION BY",
            node.partition_by[0].span,
            hint="Group by the column instead.",
        )
    return kind


def _arguments(
    context: BindContext, node: WindowFunction, kind: WindowKind
) -> dict[str, WindowArgument]:
    names, least = _PARAMETERS[kind]
    given: dict[str, WindowArgument] = {}
    for position, argument in enumerate(node.arguments):
        if argument.name is not None:
            key = argument.name.text.upper()
        else:
            key = names[position] if position < len(names) else ""
        if key not in names:
            what = f"no argument {argument.name.text}" if argument.name else "fewer arguments"
            raise context.error(
                "bad-window",
                f"{kind.value} takes {what}",
                argument.span,
                hint=f"Write {_SHAPES[kind]}.",
            )
        if key in given:
            raise context.error("bad-window", f"{key} is given twice", argument.span)
        given[key] = argument
    for name in names[:least]:
        if name not in given:
            raise context.error(
                "bad-window",
                f"{kind.value} lacks its argument {name}",
                node.function.span,
                hint=f"Write {_SHAPES[kind]}.",
            )
    return given


def _descriptor(context: BindContext, kind: WindowKind, argument: WindowArgument) -> Path:
    value = argument.value
    if not isinstance(value, Descriptor):
        raise context.error(
            "bad-window",
            f"{kind.value} names its time column as DESCRIPTOR(column)",
            argument.span,
            hint=f"Write {_SHAPES[kind]}.",
        )
    if len(value.columns) != 1:
        raise context.error("bad-window", "DESCRIPTOR takes one column here", value.span)
    return value.columns[0]


def time_column(context: BindContext, scope: Scope, path: Path) -> InputRef:
    """The time attribute that a window is over; a clear error where the column is none."""
    column = scope.resolve(path)
    if not isinstance(column, InputRef):
        raise not_time_attribute(context, path.span, str(path), "a field of a row")
    field = scope.fields[column.index]
    if field.time_attribute is None:
        raise not_time_attribute(context, path.span, str(path), f"of type {field.type.sql()}")
    return column


def not_time_attribute(context: BindContext, span: Span, name: str, what: str) -> Exception:
    """The error of a window over a column that is not a time attribute."""
    return context.error(
        "not-time-attribute",
        f"the window is over `{name}`, which is {what} and not a time attribute",
        span,
        detail="A window needs event time: a TIMESTAMP(3) or TIMESTAMP_LTZ(3) column with a "
        "watermark. An expression or a cast over such a column is no time attribute any more.",
        hint=f"Declare WATERMARK FOR {name} AS {name} - INTERVAL '5' SECOND in the CREATE TABLE, "
        "and pass the column on unchanged.",
    )


def _partition_column(context: BindContext, scope: Scope, path: Path) -> int:
    column = scope.resolve(path)
    if not isinstance(column, InputRef):
        raise context.error("bad-window", "PARTITION BY takes plain columns", path.span)
    return column.index


def _durations(
    context: BindContext, scope: Scope, arguments: dict[str, WindowArgument]
) -> dict[str, tuple[int, Span]]:
    durations: dict[str, tuple[int, Span]] = {}
    for name, argument in arguments.items():
        if name in ("DATA", "TIMECOL"):
            continue
        if isinstance(argument.value, (TableReference, DerivedTable, Descriptor, ModelReference)):
            raise context.error("bad-window", f"{name} takes an interval", argument.span)
        durations[name] = (duration_ms(context, scope, argument.value), argument.value.span)
    return durations


def duration_ms(context: BindContext, scope: Scope, node: Node) -> int:
    """The milliseconds of an interval literal of days to seconds."""
    bound = ExpressionBinder(context, scope, "a window's parameters").bind(node)
    value = bound.value if isinstance(bound, Literal) else None
    if not isinstance(value, Interval) or bound.type.root is not TypeRoot.INTERVAL_DAY_TIME:
        raise context.error(
            "bad-window",
            "a window takes intervals of days, hours, minutes and seconds",
            node.span,
            hint="Write it as INTERVAL '10' MINUTE.",
        )
    if value.microseconds % 1000:
        raise context.error("bad-window", "a window takes whole milliseconds", node.span)
    return value.microseconds // 1000


def window_spec(
    context: BindContext,
    kind: WindowKind,
    time: InputRef,
    attribute: TimeAttribute,
    span: Span,
    durations: dict[str, tuple[int, Span]],
    partition: tuple[int, ...] = (),
    aligned: bool = True,
) -> WindowSpec:
    """The checked window; `durations` are by Flink's parameter names, with their places.

    `aligned`: a hop's size must be a multiple of its slide, as for the table function.
    """
    size_ms, size_span = durations.get("SIZE") or durations["GAP"]
    slide = durations.get("SLIDE") or durations.get("STEP")
    offset_ms = durations.get("OFFSET", (0, span))[0]
    for value, at in (durations.get("SIZE", (size_ms, size_span)), slide or (1, span)):
        if value <= 0:
            raise context.error("bad-window", "a window's size and step are above zero", at)
    if kind is WindowKind.CUMULATE and slide is not None and size_ms % slide[0]:
        raise context.error("bad-window", "CUMULATE's size is a multiple of its step", slide[1])
    if kind is WindowKind.HOP and aligned and slide is not None and size_ms % slide[0]:
        raise context.error(
            "bad-window",
            "HOP's size is a multiple of its slide",
            slide[1],
            hint="The slide comes first, then the size: HOP(..., slide, size).",
        )
    if size_ms <= 0:
        raise context.error("bad-window", "a window's size and step are above zero", size_span)
    return WindowSpec(
        kind,
        time.index,
        attribute,
        size_ms,
        slide[0] if slide is not None else None,
        offset_ms,
        partition,
    )


def _without_time(fields: Fields) -> Fields:
    return tuple(RowField(f.name, f.type) if f.time_attribute else f for f in fields)


def _window_fields(time: RowField) -> Fields:
    edge = timestamp(3, nullable=False)
    return (
        RowField("window_start", edge),
        RowField("window_end", edge),
        RowField("window_time", time.type.with_nullable(False), time.time_attribute),
    )
