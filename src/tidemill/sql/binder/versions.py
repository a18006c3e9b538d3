"""Versioned tables: what Flink asks of the right side of an event-time temporal join."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tidemill.sql.binder.context import BindContext
from tidemill.sql.expressions import Cast, Expression, InputRef, Literal
from tidemill.sql.logical import (
    Filter,
    LogicalNode,
    Project,
    Rank,
    Scan,
    TimeAttribute,
    Watermark,
)
from tidemill.sql.syntax.nodes import TableReference


def version_time(context: BindContext, node: LogicalNode, reference: TableReference) -> int:
    """The index of the event time from which a version holds."""
    times = [
        index
        for index, field in enumerate(node.fields)
        if field.time_attribute is TimeAttribute.ROWTIME
    ]
    if len(times) == 1:
        return times[0]
    what = "more than one event time" if times else "no event time"
    raise context.error(
        "not-versioned",
        f"`{reference.path}` has {what}, so its rows have no versions",
        reference.path.span,
        hint="Select one of them only."
        if times
        else "Add WATERMARK FOR <column> AS <column> - INTERVAL '5' SECOND to it.",
    )


def check_keys(
    context: BindContext,
    node: LogicalNode,
    reference: TableReference,
    keys: Sequence[Expression],
) -> None:
    """The right side has a key, and the condition equals all of its columns with something."""
    key = _key(node)
    if key is None:
        raise context.error(
            "not-versioned",
            f"`{reference.path}` has no primary key, so its rows have no versions",
            reference.path.span,
            hint="Add PRIMARY KEY (...) NOT ENFORCED to the table, or join a view that keeps the "
            "last row of each key: ROW_NUMBER() OVER (PARTITION BY key ORDER BY rowtime DESC) = 1.",
        )
    named = {_column(key) for key in keys}
    missing = [node.fields[index].name for index in sorted(key) if index not in named]
    if missing:
        raise context.error(
            "not-versioned",
            f"the join does not equal the key `{', '.join(missing)}` of `{reference.path}`",
            reference.path.span,
            hint=f"Add ON ... = {reference.path.parts[-1].text}.{missing[0]} to the condition.",
        )


def _column(expression: Expression) -> int | None:
    if isinstance(expression, Cast):
        return _column(expression.argument)
    return expression.index if isinstance(expression, InputRef) else None


def history_of(node: LogicalNode) -> LogicalNode | None:
    """The rows that a deduplication keeps the last of, by event time; None where it is none.

    Each of them is a version, unless a newer one of its key has come before it. The changelog of
    the deduplication itself says less: it may leave out what was last only for a moment.
    """
    if isinstance(node, Rank):
        (first, *more) = node.order
        column = _column(first.expression)
        if node.limit != 1 or more or not first.descending or column is None:
            return None
        if node.input.fields[column].time_attribute is not TimeAttribute.ROWTIME:
            return None
        number = node.fields[-1]
        refs = [InputRef(i, f.name, f.type) for i, f in enumerate(node.input.fields)]
        return Project(node.input, (*refs, Literal(1, number.type)), (*node.input.fields, number))
    if isinstance(node, Project):
        below = history_of(node.input)
        if below is None:
            return None
        fields = tuple(
            replace(f, time_attribute=below.fields[e.index].time_attribute)
            if isinstance(e, InputRef)
            else f
            for e, f in zip(node.expressions, node.fields, strict=True)
        )
        return replace(node, input=below, fields=fields)
    return None


def _key(node: LogicalNode) -> frozenset[int] | None:
    """The columns of the node that are its primary key."""
    if isinstance(node, Scan):
        names = [field.name for field in node.fields]
        key = node.table.primary_key
        return frozenset(names.index(name) for name in key) if key else None
    if isinstance(node, (Watermark, Filter)):
        return _key(node.input)
    if isinstance(node, Rank):
        columns = [_column(key) for key in node.keys]
        if node.limit != 1 or None in columns:
            return None
        return frozenset(c for c in columns if c is not None)
    if isinstance(node, Project):
        below = _key(node.input)
        places = {_column(e): i for i, e in reversed([*enumerate(node.expressions)])}
        if below is None or not below <= places.keys():
            return None
        return frozenset(places[index] for index in below)
    return None
