"""Calls with OVER in a SELECT list: each window becomes a node, each call one of its columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.expressions import ExpressionBinder
from tidemill.sql.binder.frames import bind_frame
from tidemill.sql.binder.over_functions import NO_FRAME, bind_over_function
from tidemill.sql.binder.scope import Scope
from tidemill.sql.binder.shapes import shape
from tidemill.sql.expressions import Expression, InputRef
from tidemill.sql.logical import (
    LogicalNode,
    OverAggregate,
    OverFrame,
    RowField,
    SortKey,
)
from tidemill.sql.syntax.nodes import (
    FunctionCall,
    NamedWindow,
    Node,
    OverClause,
    SelectItem,
    Subquery,
)


def over_calls(items: Sequence[SelectItem]) -> list[FunctionCall]:
    """All calls with OVER in a SELECT list, in order."""
    return [call for item in items for call in _calls(item.expression)]


def _calls(value: Any) -> Iterator[FunctionCall]:
    if isinstance(value, FunctionCall) and value.over is not None:
        yield value
    elif isinstance(value, Subquery):
        yield from _calls(value.values)
    elif isinstance(value, tuple):
        for part in value:
            yield from _calls(part)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _calls(getattr(value, field.name))


def resolved(
    context: BindContext, call: FunctionCall, windows: Sequence[NamedWindow]
) -> OverClause:
    """What stands behind OVER, with the named window put in."""
    assert call.over is not None
    return _resolved(context, call.over, windows, ())


def _resolved(
    context: BindContext, over: OverClause, windows: Sequence[NamedWindow], seen: tuple[str, ...]
) -> OverClause:
    if over.name is None:
        return over
    named = {window.name.text: window.window for window in windows}
    name = over.name
    if name.text not in named or name.text in seen:
        define = f"WINDOW {name.text} AS (PARTITION BY ... ORDER BY ...)"
        raise context.error(
            "unknown-window",
            f"unknown window `{name.text}`",
            name.span,
            hint=f"Windows here: {', '.join(named)}."
            if named
            else f"Define it behind the query: {define}.",
        )
    base = _resolved(context, named[name.text], windows, (*seen, name.text))
    if (
        over.partition_by
        or (over.order_by and base.order_by)
        or (base.frame is not None and (over.order_by or over.frame))
    ):
        raise context.error(
            "bad-argument", f"the window `{name.text}` says this already", over.span
        )
    return OverClause(
        base.partition_by, over.order_by or base.order_by, over.span, over.frame or base.frame
    )


class OverBinder(ExpressionBinder):
    """Binds a SELECT list whose calls with OVER are columns of the node below."""

    def __init__(
        self,
        context: BindContext,
        scope: Scope,
        columns: Sequence[tuple[FunctionCall, InputRef]],
    ) -> None:
        super().__init__(context, scope, "the SELECT list")
        self._columns = {shape(call): column for call, column in columns}

    def bind(self, node: Node) -> Expression:
        """The typed expression."""
        if isinstance(node, FunctionCall) and node.over is not None:
            return replace(self._columns[shape(node)], span=node.span)
        return self.bind_node(node)


def bind_over(
    context: BindContext,
    calls: Sequence[FunctionCall],
    windows: Sequence[NamedWindow],
    node: LogicalNode,
    scope: Scope,
) -> tuple[LogicalNode, list[tuple[FunctionCall, InputRef]]]:
    """The input with one column for each different call behind its own, and which is whose."""
    groups: dict[Any, list[tuple[FunctionCall, OverClause]]] = {}
    seen: set[Any] = set()
    for call in calls:
        if shape(call) in seen:
            continue
        seen.add(shape(call))
        over = resolved(context, call, windows)
        free = context.function_name(call.name.text) in NO_FRAME and over.frame is None
        key = tuple(shape(part) for part in (over.partition_by, over.order_by, over.frame))
        fits = [k for k in groups if k == key or (free and k[:2] == key[:2])]
        groups.setdefault(fits[0] if fits else key, []).append((call, over))
    columns: list[tuple[FunctionCall, InputRef]] = []
    for group in groups.values():
        node, made = _window(context, group, node, scope)
        columns += made
    return node, columns


def _window(
    context: BindContext,
    group: Sequence[tuple[FunctionCall, OverClause]],
    node: LogicalNode,
    scope: Scope,
) -> tuple[LogicalNode, list[tuple[FunctionCall, InputRef]]]:
    binder = ExpressionBinder(context, scope, "OVER")
    over = next((over for _, over in group if over.frame is not None), group[0][1])
    keys = tuple(binder.bind(key) for key in over.partition_by)
    order = tuple(
        SortKey(
            binder.bind(item.expression),
            item.descending,
            item.nulls_first if item.nulls_first is not None else not item.descending,
        )
        for item in over.order_by
    )
    frame = bind_frame(context, binder, over, order)
    bound = [bind_over_function(context, scope, call, own, bool(order)) for call, own in group]
    if all(call.function == "ROW_NUMBER" for call in bound):
        frame = OverFrame(True, None, 0)
    first = len(node.fields)
    made = tuple(RowField(f"$over{first + i}", call.type) for i, call in enumerate(bound))
    where = context.source.where(group[0][0].span)
    result = OverAggregate(node, keys, order, frame, tuple(bound), (*node.fields, *made), where)
    columns = [
        (call, InputRef(first + i, field.name, field.type))
        for i, ((call, _), field) in enumerate(zip(group, made, strict=True))
    ]
    return result, columns
