"""JOIN: both sides, what names mean over them, and the condition.

The condition is settled as Flink's planner does it: what it says about one side alone filters that
side before the join, as far as the kind of the join allows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from tidemill.errors import Span, did_you_mean
from tidemill.records import dataclass
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.expressions import ExpressionBinder
from tidemill.sql.binder.pushdown import join_node
from tidemill.sql.binder.scope import Scope, Visible
from tidemill.sql.binder.shapes import map_inputs
from tidemill.sql.binder.ttl_hints import state_ttl_ms
from tidemill.sql.expressions import Call, Expression
from tidemill.sql.functions.registry import FunctionArgumentError
from tidemill.sql.join_conditions import conjunction
from tidemill.sql.logical import Join, JoinKind
from tidemill.sql.syntax.nodes import FromItem, JoinedTable, Name

if TYPE_CHECKING:
    from tidemill.sql.binder.from_items import Relation


def bind_join(
    context: BindContext, item: JoinedTable, bind: Callable[[FromItem], Relation]
) -> Relation:
    """The relation of a join; `bind` gives that of one side."""
    left, right = bind(item.left), bind(item.right)
    different_names(context, left, right, item.right.span)
    kind = JoinKind.INNER if item.kind == "CROSS" else JoinKind[item.kind]
    width = len(left.node.fields)
    parts = (*left.parts, *(part.moved(width) for part in right.parts))
    joined = (*left.node.fields, *right.node.fields)
    scope = Scope(context.source, joined, parts)
    names = _natural(context, left, right, item.at) if item.natural else item.using
    condition: Expression | None = None
    visible: tuple[Visible, ...] | None = None
    if item.on is not None:
        binder = ExpressionBinder(context, scope, "ON")
        condition = binder.bind_condition(item.on)
    shared = [_shared(context, left, right, name, kind) for name in names]
    if shared:
        condition = conjunction([column.equal for column in shared])
    if shared or left.visible is not None or right.visible is not None:
        visible = _visible(context, left, right, shared)
    where = context.source.where(item.at)
    ttl_ms = (state_ttl_ms(context, left.parts), state_ttl_ms(context, right.parts))
    node = join_node(Join(left.node, right.node, kind, condition, (), where, ttl_ms))
    return replace(left, node=node, parts=parts, visible=visible)


def different_names(context: BindContext, left: Relation, right: Relation, span: Span) -> None:
    """Refuse two relations of one FROM with the same name."""
    taken = {part.qualifier for part in left.parts if part.qualifier}
    for part in right.parts:
        if part.qualifier in taken:
            raise context.error(
                "ambiguous-column",
                f"two tables in FROM are named `{part.qualifier[-1]}`",
                span,
                hint="Give one of them an alias: FROM t AS a JOIN t AS b.",
            )


@dataclass(frozen=True, slots=True)
class _Shared:
    """A column of JOIN ... USING: the equality, and the one value that stands for both."""

    name: str
    equal: Expression
    value: Expression


def _natural(context: BindContext, left: Relation, right: Relation, at: Span) -> tuple[Name, ...]:
    """The names that both sides have, in the order of the left side."""
    right_names = {column.name for column in _seen(context, right)}
    names = dict.fromkeys(c.name for c in _seen(context, left) if c.name in right_names)
    return tuple(Name(name, at) for name in names)


def _seen(context: BindContext, relation: Relation) -> list[Visible]:
    columns = relation.scope(context.source).columns(None)
    assert columns is not None
    return columns


def _shared(
    context: BindContext, left: Relation, right: Relation, name: Name, kind: JoinKind
) -> _Shared:
    width = len(left.node.fields)
    one = _side(context, left, name, "left")
    other = _moved(_side(context, right, name, "right"), width)
    try:
        equal = context.scalars["EQUALS"].bind((one, other))
        value = context.scalars["COALESCE"].bind((one, other))
    except FunctionArgumentError as error:
        raise context.error(
            "type-mismatch",
            f"`{name.text}` is {one.type.sql()} on the left and {other.type.sql()} on the right",
            name.span,
            hint="CAST one of them in a subquery.",
        ) from error
    condition = Call("EQUALS", equal.arguments, equal.type, name.span)
    same = one.type.with_nullable(True) == other.type.with_nullable(True)
    if same and kind is not JoinKind.FULL:
        return _Shared(name.text, condition, other if kind is JoinKind.RIGHT else one)
    return _Shared(name.text, condition, Call("COALESCE", value.arguments, value.type, name.span))


def _side(context: BindContext, relation: Relation, name: Name, side: str) -> Expression:
    found = [c.expression for c in _seen(context, relation) if c.name == name.text]
    if len(found) == 1:
        return found[0]
    names = [column.name for column in _seen(context, relation)]
    if found:
        raise context.error(
            "ambiguous-column",
            f"more than one column on the {side} is named `{name.text}`",
            name.span,
        )
    raise context.error(
        "unknown-column",
        f"the {side} side has no column `{name.text}`",
        name.span,
        hint=did_you_mean(name.text, names) or f"Columns there: {', '.join(names)}.",
    )


def _moved(expression: Expression, by: int) -> Expression:
    return map_inputs(expression, lambda index: index + by)


def _visible(
    context: BindContext, left: Relation, right: Relation, shared: list[_Shared]
) -> tuple[Visible, ...]:
    """What `*` means: the columns of USING once, then the others of the left and of the right."""
    width = len(left.node.fields)
    names = {column.name for column in shared}
    others = [
        *_seen(context, left),
        *(Visible(c.name, _moved(c.expression, width)) for c in _seen(context, right)),
    ]
    return (
        *(Visible(column.name, column.value) for column in shared),
        *(column for column in others if column.name not in names),
    )
