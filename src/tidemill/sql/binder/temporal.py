"""JOIN ... FOR SYSTEM_TIME AS OF: a table as it was at a time of the left row.

By event time it is joined with the versions of a changelog with a primary key; by processing time
with what a connector looks up at that moment, as in Flink 2.3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.expressions import ExpressionBinder
from tidemill.sql.binder.joins import different_names
from tidemill.sql.binder.lookups import bind_lookup, lookup_table
from tidemill.sql.binder.scope import Scope
from tidemill.sql.binder.versions import check_keys, history_of, version_time
from tidemill.sql.expressions import Call, Expression, InputRef, Literal
from tidemill.sql.join_conditions import conjunction, conjuncts, equality
from tidemill.sql.logical import (
    Filter,
    JoinKind,
    LogicalNode,
    Project,
    RowField,
    TemporalJoin,
    TimeAttribute,
)
from tidemill.sql.syntax.nodes import FromItem, JoinedTable, TableReference

if TYPE_CHECKING:
    from tidemill.sql.binder.from_items import Relation

Bind = Callable[[FromItem], "Relation"]


def bind_temporal(context: BindContext, item: JoinedTable, bind: Bind) -> Relation:
    """The relation of a temporal or lookup join; `bind` gives that of one side."""
    assert isinstance(item.right, TableReference)
    reference = item.right
    kind = _kind(context, item)
    left = bind(item.left)
    time = _time(context, left, reference)
    table = None
    if left.node.fields[time].time_attribute is TimeAttribute.PROCTIME:
        table = lookup_table(context, reference)
    right = bind(replace(reference, as_of=None))
    different_names(context, left, right, reference.span)
    width = len(left.node.fields)
    parts = (*left.parts, *(part.moved(width) for part in right.parts))
    scope = Scope(context.source, (*left.node.fields, *right.node.fields), parts)
    assert item.on is not None
    condition = ExpressionBinder(context, scope, "ON").bind_condition(item.on)
    if table is not None:
        node = bind_lookup(context, left.node, table, kind, condition, reference)
    else:
        node = _versions(context, reference, left.node, right.node, kind, time, condition)
    return replace(left, node=node, parts=parts, visible=None)


def _kind(context: BindContext, item: JoinedTable) -> JoinKind:
    if item.kind not in ("INNER", "LEFT") or item.natural or item.on is None:
        what = f"{item.kind} JOIN"
        if item.natural or item.using:
            what = "NATURAL JOIN" if item.natural else "USING"
        raise context.error(
            "not-supported",
            f"{what} with FOR SYSTEM_TIME AS OF is not Flink SQL",
            item.at,
            hint="Write [LEFT] JOIN t FOR SYSTEM_TIME AS OF ... ON left.key = t.key.",
        )
    return JoinKind[item.kind]


def _time(context: BindContext, left: Relation, reference: TableReference) -> int:
    """The index of the left row's time attribute."""
    assert reference.as_of is not None
    span = reference.as_of.span
    scope = left.scope(context.source)
    bound = ExpressionBinder(context, scope, "FOR SYSTEM_TIME AS OF").bind_column(reference.as_of)
    hint = "It takes the rowtime or the PROCTIME() column of the left table."
    if isinstance(bound, InputRef):
        if left.node.fields[bound.index].time_attribute is None:
            raise context.error(
                "not-time-attribute", f"`{bound.name}` is not a time attribute", span, hint=hint
            )
        return bound.index
    if isinstance(bound, Literal):
        raise context.unsupported("a point of time in FOR SYSTEM_TIME AS OF", span, hint)
    if isinstance(bound, Call) and bound.function == "PROCTIME":
        hint = "Add a column `p AS PROCTIME()` to the left table, and write AS OF that."
    raise context.unsupported("an expression in FOR SYSTEM_TIME AS OF", span, hint)


def _versions(
    context: BindContext,
    reference: TableReference,
    left: LogicalNode,
    right: LogicalNode,
    kind: JoinKind,
    time: int,
    condition: Expression,
) -> LogicalNode:
    """The event-time join; what its condition says beside the keys decides about the padding."""
    width = len(left.fields)
    found = [(part, equality(part, width)) for part in conjuncts(condition)]
    keys = [equal for _, equal in found if equal is not None and not equal.null_safe]
    rest = [part for part, equal in found if equal is None or equal.null_safe]
    check_keys(context, right, reference, [equal.right for equal in keys])
    history = history_of(right)
    right = right if history is None else history
    right_time = version_time(context, right, reference)
    fields = (*left.fields, *padded_fields(right, kind))
    pairs = tuple((equal.left, equal.right) for equal in keys)
    where = context.source.where(reference.path.span)
    node = TemporalJoin(
        left, right, kind, pairs, time, right_time, history is not None, fields, where
    )
    return _with_rest(node, rest, width) if rest else node


def padded_fields(right: LogicalNode, kind: JoinKind) -> tuple[RowField, ...]:
    """The right columns as they come out: NULL in a LEFT join; times are no attributes any more."""
    return tuple(
        RowField(f.name, f.type.with_nullable(True) if kind is JoinKind.LEFT else f.type)
        for f in right.fields
    )


def _with_rest(node: TemporalJoin, rest: Sequence[Expression], width: int) -> LogicalNode:
    """The rows that the rest of the condition takes; for LEFT, NULLs on the right of the others.

    A left row has one version at most, so it is enough to look at that one.
    """
    condition = conjunction(rest)
    assert condition is not None
    if node.kind is JoinKind.INNER:
        return Filter(node, condition, node.fields)
    expressions: list[Expression] = []
    for index, field in enumerate(node.fields):
        own: Expression = InputRef(index, field.name, field.type)
        if index >= width:
            own = Call("CASE", (condition, own, Literal(None, field.type)), field.type)
        expressions.append(own)
    return Project(node, tuple(expressions), node.fields)
