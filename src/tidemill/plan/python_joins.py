"""Python functions in the condition of a join: each side computes its own part before the join."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tidemill.errors import SqlError, TextWhere
from tidemill.plan.python_lift import calls_python, lift, ref
from tidemill.records import dataclass
from tidemill.sql.binder.shapes import map_inputs
from tidemill.sql.expressions import Call, Cast, Expression, InputRef, children, input_indexes
from tidemill.sql.logical import Join, LogicalNode, Project, RowField


@dataclass(frozen=True, slots=True)
class _Part:
    """An expression over one side of a join, as it stands in the condition."""

    whole: Expression
    right: bool


def lift_join(
    node: Join, left: LogicalNode, right: LogicalNode, where: TextWhere | None
) -> LogicalNode:
    """The join over sides that give the parts of its condition that call Python.

    SqlError where one call reads both sides: it could only be made for every pair.
    """
    assert node.condition is not None
    width = len(left.fields)
    parts = _parts(node.condition, width, node.where or where)
    lefts = [part.whole for part in parts if not part.right]
    rights = [map_inputs(p.whole, lambda i: i - width) for p in parts if p.right]
    wide_left, wide_right = _with(left, lefts), _with(right, rights)
    places: list[int] = []
    for side, start in ((False, width), (True, len(wide_left.fields) + len(right.fields))):
        places += range(start, start + sum(part.right is side for part in parts))
    ordered = [part for side in (False, True) for part in parts if part.right is side]
    condition = _replaced(node.condition, ordered, places, width, len(lefts))
    more_left, more_right = wide_left.fields[width:], wide_right.fields[len(right.fields) :]
    if not node.kind.pairs:
        fields = (*node.fields, *more_left)
        kept = list(range(width))
    else:
        fields = (*node.fields[:width], *more_left, *node.fields[width:], *more_right)
        second = width + len(more_left)
        kept = [*range(width), *range(second, second + len(right.fields))]
    made = replace(node, left=wide_left, right=wide_right, condition=condition, fields=fields)
    return Project(made, tuple(ref(made, i) for i in kept), node.fields)


def _parts(condition: Expression, width: int, where: TextWhere | None) -> list[_Part]:
    """The greatest parts that call Python and read one side only."""
    if not calls_python(condition):
        return []
    indexes = input_indexes(condition)
    if all(i < width for i in indexes):
        return [_Part(condition, False)]
    if all(i >= width for i in indexes):
        return [_Part(condition, True)]
    if isinstance(condition, Call) and condition.user is not None:
        raise SqlError(
            f"the function {condition.user.name} reads both sides of a join in its condition, "
            "which is not supported yet",
            code="plan.python-join",
            where=where,
            hint="Join on something else, and test the function in WHERE of an outer query.",
        )
    return [part for child in children(condition) for part in _parts(child, width, where)]


def _with(side: LogicalNode, parts: Sequence[Expression]) -> LogicalNode:
    """A side with the values of its parts behind its fields."""
    if not parts:
        return side
    everything = frozenset(range(len(side.fields)))
    calc, lifted = lift(side, parts, everything)
    own = tuple(ref(calc, i) for i in range(len(side.fields)))
    more = tuple(RowField(f"EXPR${i}", e.type.with_nullable(True)) for i, e in enumerate(lifted))
    return Project(calc, (*own, *lifted), (*side.fields, *more))


def _replaced(
    expression: Expression, parts: Sequence[_Part], places: Sequence[int], width: int, added: int
) -> Expression:
    """The condition over the wider sides."""
    for part, place in zip(parts, places, strict=True):
        if part.whole is expression:
            return InputRef(place, f"EXPR${place}", expression.type.with_nullable(True))
    if isinstance(expression, InputRef):
        moved = expression.index + (added if expression.index >= width else 0)
        return replace(expression, index=moved)
    if isinstance(expression, Call):
        arguments = tuple(_replaced(a, parts, places, width, added) for a in expression.arguments)
        return replace(expression, arguments=arguments)
    if isinstance(expression, Cast):
        argument = _replaced(expression.argument, parts, places, width, added)
        return replace(expression, argument=argument)
    return expression
