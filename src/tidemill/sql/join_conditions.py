"""What the condition of a join says: its parts, its equalities, and where NULL fails it.

Conditions are over the left fields, then the right ones.
"""

from __future__ import annotations

from collections.abc import Sequence

from tidemill.model.types import BOOLEAN
from tidemill.records import dataclass
from tidemill.sql.binder.shapes import map_inputs
from tidemill.sql.expressions import Call, Cast, Expression, InputRef, children, input_indexes

_VOLATILE_NAMES = """
    RAND RAND_INTEGER UUID PROCTIME NOW CURRENT_TIMESTAMP CURRENT_WATERMARK
"""
_VOLATILE = frozenset(_VOLATILE_NAMES.split())

_STRICT_NAMES = """
    PLUS MINUS TIMES DIVIDE MOD NEGATE EQUALS NOT_EQUALS LESS_THAN LESS_THAN_OR_EQUAL GREATER_THAN
    GREATER_THAN_OR_EQUAL BETWEEN LIKE NOT_LIKE SIMILAR_TO NOT_SIMILAR_TO ABS UPPER LOWER TRIM
    EXTRACT FLOOR CEIL CHAR_LENGTH CHARACTER_LENGTH SUBSTRING FIELD ITEM
"""
_STRICT = frozenset(_STRICT_NAMES.split())
"""Calls that are NULL where any argument is."""


def conjuncts(condition: Expression | None) -> list[Expression]:
    """The parts of a condition that must all be TRUE; none for no condition."""
    if condition is None:
        return []
    if isinstance(condition, Call) and condition.function == "AND":
        return [part for argument in condition.arguments for part in conjuncts(argument)]
    return [condition]


def conjunction(parts: Sequence[Expression]) -> Expression | None:
    """All parts as one condition; None for none."""
    whole: Expression | None = None
    for part in parts:
        if whole is None:
            whole = part
            continue
        nullable = whole.type.nullable or part.type.nullable
        whole = Call("AND", (whole, part), BOOLEAN.with_nullable(nullable))
    return whole


def volatile(expression: Expression) -> bool:
    """Whether an expression may give another value each time."""
    if isinstance(expression, Call) and expression.function in _VOLATILE:
        return True
    return any(volatile(child) for child in children(expression))


def fails_on_null(condition: Expression, columns: range) -> bool:
    """Whether the condition cannot be TRUE for a row in which all these columns are NULL."""
    if not isinstance(condition, Call):
        return _null(condition, columns)
    if condition.function == "AND":
        return any(fails_on_null(part, columns) for part in condition.arguments)
    if condition.function == "OR":
        return all(fails_on_null(part, columns) for part in condition.arguments)
    if condition.function in ("IS_NOT_NULL", "IS_TRUE", "IS_FALSE", "IS_NOT_UNKNOWN", "NOT"):
        return _null(condition.arguments[0], columns)
    if condition.function in ("IN", "NOT_IN"):
        return _null(condition.arguments[0], columns)
    return _null(condition, columns)


def _null(expression: Expression, columns: range) -> bool:
    """Whether the expression is NULL for certain where these columns are."""
    if isinstance(expression, InputRef):
        return expression.index in columns
    if isinstance(expression, Cast):
        return _null(expression.argument, columns)
    if isinstance(expression, Call) and expression.function in (*_STRICT, "NOT"):
        return any(_null(argument, columns) for argument in expression.arguments)
    return False


@dataclass(frozen=True, slots=True)
class Equality:
    """`left = right` (`null_safe`: IS NOT DISTINCT FROM), each over the fields of its own side."""

    left: Expression
    right: Expression
    null_safe: bool = False


def equality(part: Expression, width: int) -> Equality | None:
    """The equality of something left and something right that a conjunct is."""
    if not isinstance(part, Call) or part.function not in ("EQUALS", "IS_NOT_DISTINCT_FROM"):
        return None
    one, other = part.arguments
    if volatile(part):
        return None
    if on_side(one, range(width)) is False and on_side(other, range(width)) is True:
        one, other = other, one
    if on_side(one, range(width)) is not True or on_side(other, range(width)) is not False:
        return None
    right = map_inputs(other, lambda index: index - width)
    return Equality(one, right, part.function != "EQUALS")


def on_side(expression: Expression, left: range) -> bool | None:
    """True: over left fields only; False: over right fields only; None: over both or none."""
    indexes = input_indexes(expression)
    if not indexes:
        return None
    if all(i in left for i in indexes):
        return True
    return None if any(i in left for i in indexes) else False
