"""SELECT DISTINCT: each row once; over a window function's start and end, once per window."""

from __future__ import annotations

from tidemill.errors import Span
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.folding import FoldedWindow, fold_window
from tidemill.sql.binder.unions import distinct
from tidemill.sql.expressions import Expression, InputRef
from tidemill.sql.logical import (
    Aggregate,
    LogicalNode,
    Project,
    RowField,
    WindowKind,
    WindowProperty,
)


def distinct_rows(context: BindContext, node: LogicalNode, span: Span) -> LogicalNode:
    """The rows of a SELECT DISTINCT; an aggregate in windows where Flink makes it one."""
    folded = fold_window(node)
    if folded is None or not _in_windows(folded):
        return distinct(node)
    if None in folded.sources or folded.conditions or folded.blocked is not None:
        raise _refusal(context, folded.blocked or span)
    places = [i for i, source in enumerate(folded.sources) if isinstance(source, int)]
    parts = tuple(part for part in WindowProperty if part in folded.sources)
    keys: list[Expression] = []
    for i in places:
        source = folded.sources[i]
        assert isinstance(source, int)
        field = folded.input.fields[source]
        keys.append(InputRef(source, field.name, field.type))
    fields = [RowField(node.fields[i].name, node.fields[i].type) for i in places]
    fields += [node.fields[folded.sources.index(part)] for part in parts]
    aggregate = Aggregate(folded.input, tuple(keys), (), tuple(fields), folded.window, parts)
    order = [
        places.index(i) if isinstance(source, int) else len(places) + _place(parts, source)
        for i, source in enumerate(folded.sources)
    ]
    expressions = tuple(
        InputRef(i, aggregate.fields[i].name, aggregate.fields[i].type) for i in order
    )
    outputs = tuple(
        RowField(own.name, own.type, aggregate.fields[i].time_attribute)
        for own, i in zip(node.fields, order, strict=True)
    )
    return Project(aggregate, expressions, outputs)


def _in_windows(folded: FoldedWindow) -> bool:
    """As for GROUP BY: both edges of the window, and for SESSION exactly the partition."""
    if not {WindowProperty.START, WindowProperty.END} <= set(folded.sources):
        return False
    if folded.window.kind is not WindowKind.SESSION:
        return True
    plain = {source for source in folded.sources if not isinstance(source, WindowProperty)}
    return plain == set(folded.window.partition_columns)


def _place(parts: tuple[WindowProperty, ...], source: object) -> int:
    return next(i for i, part in enumerate(parts) if part is source)


def _refusal(context: BindContext, span: Span) -> Exception:
    return context.unsupported(
        "SELECT DISTINCT of an expression or a WHERE over a window's own columns",
        span,
        "Group instead: SELECT ... GROUP BY window_start, window_end, ....",
    )
