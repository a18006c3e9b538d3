"""GROUPING SETS: one aggregate per set, and their rows in one form.

A key that is not in a row's set is NULL. GROUPING and GROUPING_ID say which keys those are, as the
bits of a number; GROUP_ID tells equal sets apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tidemill.errors import Span
from tidemill.model.types import BIGINT
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.shapes import shape
from tidemill.sql.expressions import Expression, InputRef, Literal
from tidemill.sql.logical import Aggregate, LogicalNode, Project, RowField, Union
from tidemill.sql.syntax.nodes import FunctionCall, Node

FUNCTIONS = ("GROUPING", "GROUPING_ID", "GROUP_ID")

Sets = tuple[tuple[int, ...], ...]
"""The keys of each grouping set, by their places among all keys."""
IN_EVERY_SET = -1
"""In place of a key: one of the window's, which all sets have."""
GroupingCall = tuple[int, ...] | None
"""The keys that GROUPING asks for; None for GROUP_ID."""


def grouping_call(
    context: BindContext, node: FunctionCall, keys: Sequence[Node]
) -> GroupingCall | bool:
    """The call that GROUPING(...), GROUPING_ID(...) or GROUP_ID() is; False for another one."""
    name = node.name.text.upper()
    if name not in FUNCTIONS:
        return False
    if name == "GROUP_ID":
        if node.arguments:
            raise context.error("bad-argument", "GROUP_ID takes no arguments", node.span)
        return None
    shapes = [shape(key) for key in keys]
    places = []
    for argument in node.arguments:
        if shape(argument) not in shapes:
            raise context.error(
                "bad-argument",
                f"{name} takes keys of GROUP BY",
                argument.span,
                hint="Write the key as GROUP BY has it.",
            )
        places.append(shapes.index(shape(argument)))
    if not places:
        raise context.error("bad-argument", f"{name} takes at least one key", node.span)
    return tuple(places)


def refuse_repeated(context: BindContext, sets: Sets, keys: int, span: Span) -> None:
    """As in Flink, only the set of all keys may be there twice."""
    seen: set[frozenset[int]] = set()
    for one in map(frozenset, sets):
        if one in seen and len(one) < keys:
            raise context.unsupported(
                "a grouping set that is there twice", span, "Flink does not run it; leave one out."
            )
        seen.add(one)


def grouping_value(call: GroupingCall, sets: Sets | None, index: int) -> int:
    """What a call gives in the rows of one set."""
    if sets is None:
        return 0
    if call is None:
        return sum(set(other) == set(sets[index]) for other in sets[index + 1 :])
    value = 0
    for key in call:
        value = value * 2 + (key != IN_EVERY_SET and key not in sets[index])
    return value


def in_sets(whole: Aggregate, sets: Sets, calls: Sequence[GroupingCall]) -> LogicalNode:
    """The union of one aggregate per set; fields: all keys, properties, aggregates, calls.

    `sets` are places among the keys of `whole`, which groups by all of them.
    """
    keys = [replace(f, type=f.type.with_nullable(True)) for f in whole.fields[: len(whole.keys)]]
    rest = whole.fields[len(whole.keys) :]
    flags = tuple(RowField(f"$grouping{i}", _FLAG) for i in range(len(calls)))
    fields = (*keys, *rest, *flags)
    parts: list[LogicalNode] = []
    for index, members in enumerate(sets):
        kept = sorted(set(members))
        own = replace(
            whole,
            keys=tuple(whole.keys[i] for i in kept),
            fields=(*(whole.fields[i] for i in kept), *rest),
            row_over_nothing=len(sets) == 1,
        )
        made: list[Expression] = []
        for i, key in enumerate(keys):
            if i in kept:
                made.append(InputRef(kept.index(i), key.name, key.type))
            else:
                made.append(Literal(None, key.type))
        made += [InputRef(len(kept) + i, f.name, f.type) for i, f in enumerate(rest)]
        made += [Literal(grouping_value(call, sets, index), _FLAG) for call in calls]
        parts.append(Project(own, tuple(made), fields))
    return parts[0] if len(parts) == 1 else Union(tuple(parts), fields)


_FLAG = BIGINT.with_nullable(False)
