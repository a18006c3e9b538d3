"""Looks through filters and projections for the window table function under a GROUP BY.

The plan's window aggregate reads the *input* of the window function. What stands between the two in
the text (a WHERE, a view, a derived table) is moved below the window function, which is sound as
long as it does not look at the window's own columns.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from tidemill.errors import Span
from tidemill.records import dataclass
from tidemill.sql.binder.shapes import map_inputs
from tidemill.sql.expressions import Call, Cast, Expression, InputRef, input_indexes
from tidemill.sql.join_conditions import conjuncts
from tidemill.sql.logical import (
    Filter,
    LogicalNode,
    Project,
    RowField,
    WindowProperty,
    WindowSpec,
    WindowTableFunction,
)

Source: TypeAlias = "int | WindowProperty | None"
"""Where a field comes from: a field of the folded input, the window itself, or an expression over
the window's columns (None), which cannot be moved."""


class UsesWindowColumnError(Exception):
    """An expression over window_start, window_end or window_time cannot be moved; `span` is its."""

    def __init__(self, span: Span | None) -> None:
        super().__init__()
        self.span = span


@dataclass(frozen=True, slots=True)
class FoldedWindow:
    """A window function with everything above it moved below; `sources` says whence fields come."""

    input: LogicalNode
    window: WindowSpec
    sources: tuple[Source, ...]
    conditions: tuple[Expression, ...] = ()
    """Filters on the window's own columns (by their place in WindowProperty): tested above."""
    blocked: Span | None = None
    """A filter that cannot be moved, as it compares the window's columns with others."""

    def move(self, expression: Expression) -> Expression:
        """An expression over the fields above, as one over `input`."""
        match expression:
            case InputRef():
                source = self.sources[expression.index]
                if not isinstance(source, int):
                    raise UsesWindowColumnError(expression.span)
                field = self.input.fields[source]
                return replace(expression, index=source, name=field.name)
            case Call():
                moved = tuple(self.move(argument) for argument in expression.arguments)
                return replace(expression, arguments=moved)
            case Cast():
                return replace(expression, argument=self.move(expression.argument))
            case _:
                return expression

    def property_of(self, expression: Expression) -> WindowProperty | None:
        """The window property that an expression is, if it is one."""
        if not isinstance(expression, InputRef):
            return None
        source = self.sources[expression.index]
        return source if isinstance(source, WindowProperty) else None


def fold_window(node: LogicalNode) -> FoldedWindow | None:
    """The window function under `node`, or None where there is none (directly) below."""
    if isinstance(node, WindowTableFunction):
        count = len(node.input.fields)
        sources: tuple[Source, ...] = (*range(count), *WindowProperty)
        return FoldedWindow(node.input, node.window, sources)
    if isinstance(node, Filter):
        below = fold_window(node.input)
        if below is None:
            return None
        for part in conjuncts(node.predicate):
            below = _with_condition(below, part)
        return below
    if isinstance(node, Project):
        below = fold_window(node.input)
        return None if below is None else _through_project(node, below)
    return None


def over_windows(node: LogicalNode) -> tuple[LogicalNode, int]:
    """What stands over a window function, with the time of the rows behind its columns.

    For windows of which each row has one: an aggregate can read it as it stands, and see the
    window's columns. Gives the place of the time, too.
    """
    if isinstance(node, WindowTableFunction):
        return node, node.window.time_column
    assert isinstance(node, (Filter, Project))
    below, time = over_windows(node.input)
    if isinstance(node, Filter):
        return Filter(below, node.predicate, below.fields), time
    field = below.fields[time]
    expressions = (*node.expressions, InputRef(time, field.name, field.type))
    return Project(below, expressions, (*node.fields, field)), len(node.fields)


def _with_condition(below: FoldedWindow, condition: Expression) -> FoldedWindow:
    """The condition below the window function, or, where it is about windows, above it."""
    sources = [below.sources[i] for i in input_indexes(condition)]
    if sources and all(isinstance(source, WindowProperty) for source in sources):
        places = {part: i for i, part in enumerate(WindowProperty)}

        def place(index: int) -> int:
            source = below.sources[index]
            assert isinstance(source, WindowProperty)
            return places[source]

        return replace(below, conditions=(*below.conditions, map_inputs(condition, place)))
    try:
        predicate = below.move(condition)
    except UsesWindowColumnError as error:
        return replace(below, blocked=error.span or condition.span or Span(0, 0))
    return replace(below, input=Filter(below.input, predicate, below.input.fields))


def _through_project(node: Project, below: FoldedWindow) -> FoldedWindow:
    """The projection below the window, with the time and partition columns kept at its end."""
    expressions: list[Expression] = []
    fields: list[RowField] = []
    sources: list[Source] = []
    for expression, field in zip(node.expressions, node.fields, strict=True):
        own = below.property_of(expression)
        if own is not None:
            sources.append(own)
        elif all(isinstance(below.sources[i], int) for i in input_indexes(expression)):
            sources.append(len(expressions))
            expressions.append(below.move(expression))
            fields.append(field)
        else:
            sources.append(None)
    kept = (below.window.time_column, *below.window.partition_columns)
    places: list[int] = []
    for index in kept:
        place = next((i for i, e in enumerate(expressions) if _is_column(e, index)), None)
        places.append(len(expressions) if place is None else place)
        if place is None:
            field = below.input.fields[index]
            expressions.append(InputRef(index, field.name, field.type))
            fields.append(field)
    window = replace(below.window, time_column=places[0], partition_columns=tuple(places[1:]))
    project = Project(below.input, tuple(expressions), tuple(fields))
    return FoldedWindow(project, window, tuple(sources), below.conditions, below.blocked)


def _is_column(expression: Expression, index: int) -> bool:
    return isinstance(expression, InputRef) and expression.index == index
