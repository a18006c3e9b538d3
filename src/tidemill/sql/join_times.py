"""Joins that event time bounds: what makes a join an interval join, as Flink's planner sees it.

`l.ts BETWEEN r.ts - INTERVAL '1' HOUR AND r.ts`: exactly two conditions, or one equality, over one
time attribute of each side, both of event time or both of processing time.
"""

from __future__ import annotations

from collections.abc import Sequence

from tidemill.records import dataclass
from tidemill.sql.expressions import Call, Expression, InputRef, Interval, Literal
from tidemill.sql.join_conditions import conjunction, conjuncts
from tidemill.sql.logical import Fields, Join, TimeAttribute


@dataclass(frozen=True, slots=True)
class IntervalBounds:
    """`lower_us <= left time - right time <= upper_us`; `rest` is what else the condition says.

    `left` and `right` are the time attributes' fields on their own side.
    """

    left: int
    right: int
    attribute: TimeAttribute
    lower_us: int
    upper_us: int
    rest: Expression | None


@dataclass(frozen=True, slots=True)
class _Bound:
    """One condition: the difference of the times is at least, at most, or exactly this."""

    left: int
    right: int
    lower_us: int | None
    upper_us: int | None


_MILLI_US = 1_000
_TURNED = {
    "LESS_THAN": "GREATER_THAN",
    "LESS_THAN_OR_EQUAL": "GREATER_THAN_OR_EQUAL",
    "GREATER_THAN": "LESS_THAN",
    "GREATER_THAN_OR_EQUAL": "LESS_THAN_OR_EQUAL",
    "EQUALS": "EQUALS",
}


def interval_bounds(node: Join) -> IntervalBounds | None:
    """The bounds of an interval join; None where the join is none."""
    if not node.kind.pairs:
        return None
    fields = (*node.left.fields, *node.right.fields)
    width = len(node.left.fields)
    bounds: list[_Bound] = []
    rest: list[Expression] = []
    for part in conjuncts(node.condition):
        found = _bounds(part, fields, width)
        bounds += found
        rest += [] if found else [part]
    if len({(bound.left, bound.right) for bound in bounds}) != 1:
        return None
    lower = [bound.lower_us for bound in bounds if bound.lower_us is not None]
    upper = [bound.upper_us for bound in bounds if bound.upper_us is not None]
    if len(lower) != 1 or len(upper) != 1:
        return None
    left, right = bounds[0].left, bounds[0].right
    attribute = fields[left].time_attribute
    assert attribute is not None
    return IntervalBounds(left, right - width, attribute, lower[0], upper[0], conjunction(rest))


def _bounds(part: Expression, fields: Fields, width: int) -> list[_Bound]:
    """The bounds that a condition is; none where it is something else."""
    if not isinstance(part, Call):
        return []
    if part.function == "BETWEEN":
        value, low, high = part.arguments
        pairs = (
            _bound("GREATER_THAN_OR_EQUAL", (value, low), fields, width),
            _bound("LESS_THAN_OR_EQUAL", (value, high), fields, width),
        )
        return [b for b in pairs if b is not None] if None not in pairs else []
    if part.function in _TURNED:
        bound = _bound(part.function, part.arguments, fields, width)
        return [] if bound is None else [bound]
    return []


def _bound(operator: str, sides: Sequence[Expression], fields: Fields, width: int) -> _Bound | None:
    one, other = (_time(side, fields) for side in sides)
    if one is None or other is None:
        return None
    if (one[0] < width) == (other[0] < width):
        return None
    if fields[one[0]].time_attribute is not fields[other[0]].time_attribute:
        return None
    if one[0] >= width:
        one, other, operator = other, one, _TURNED[operator]
    distance = other[1] - one[1]
    if operator == "EQUALS":
        return _Bound(one[0], other[0], distance, distance)
    if operator.startswith("GREATER"):
        return _Bound(one[0], other[0], distance + _strict(operator), None)
    return _Bound(one[0], other[0], None, distance - _strict(operator))


def _strict(operator: str) -> int:
    """Times are whole milliseconds: above means at least one more."""
    return 0 if operator.endswith("EQUAL") else _MILLI_US


def _time(expression: Expression, fields: Fields) -> tuple[int, int] | None:
    """A time attribute and what is added to it, in microseconds."""
    if isinstance(expression, InputRef):
        known = fields[expression.index].time_attribute is not None
        return (expression.index, 0) if known else None
    if not isinstance(expression, Call) or expression.function not in ("PLUS", "MINUS"):
        return None
    one, other = expression.arguments
    sign = 1 if expression.function == "PLUS" else -1
    if sign > 0 and isinstance(one, Literal):
        one, other = other, one
    base = _time(one, fields)
    if base is None or not isinstance(other, Literal) or not isinstance(other.value, Interval):
        return None
    if other.value.months or other.value.microseconds % _MILLI_US:
        return None
    return base[0], base[1] + sign * other.value.microseconds
