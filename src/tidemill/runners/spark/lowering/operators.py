"""Operators: arithmetic, comparison, logic, IS, BETWEEN, IN, LIKE.

Spark orders NaN above all numbers and finds it equal to itself, Java and Flink do neither, so
comparisons of FLOAT and DOUBLE say what becomes of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from tidemill.model import DataType, TypeRoot
from tidemill.runners.spark.lowering.build import (
    binary,
    both,
    case,
    cast,
    failing,
    fn,
    is_null,
    wrapped,
)
from tidemill.runners.spark.lowering.casts import is_utc
from tidemill.runners.spark.lowering.core import Called, Lowering
from tidemill.runners.spark.types import spark_type
from tidemill.sql.expressions import Interval

_APPROXIMATE = (TypeRoot.FLOAT, TypeRoot.DOUBLE)
_NESTED = (TypeRoot.ARRAY, TypeRoot.MAP, TypeRoot.MULTISET, TypeRoot.ROW)
_DAY_US = 86_400_000_000


# --- arithmetic ----------------------------------------------------------------------------------


def _arithmetic(node: type[exp.Expression]) -> Lowering:
    def lower(c: Called) -> exp.Expression | None:
        left, right = c.args
        kinds = (c.type_of(0), c.type_of(1))
        if all(kind.is_numeric for kind in kinds):
            return _typed(binary(node, left, right), c)
        zoned = kinds[0].root is TypeRoot.TIMESTAMP_LTZ and is_utc(c.time_zone)
        moved = kinds[0].root is TypeRoot.TIMESTAMP or zoned
        if moved and isinstance(c.constant(1), Interval) and node is not exp.Mul:
            return binary(node, left, right)
        if kinds[0].root is TypeRoot.DATE and node is not exp.Mul:
            by = c.constant(1)
            if isinstance(by, Interval) and by.microseconds % _DAY_US == 0:
                return binary(node, left, right)
        return None

    return lower


def _typed(made: exp.Expression, c: Called) -> exp.Expression | None:
    """The result as its type: Spark's own may be wider."""
    if c.type.root is TypeRoot.DECIMAL:
        return cast(made, spark_type(c.type) or "")
    small = (TypeRoot.TINYINT, TypeRoot.SMALLINT)
    return cast(made, c.type.root.value) if c.type.root in small else made


def _divide(c: Called) -> exp.Expression | None:
    left, right = c.args
    if c.type.is_integer:
        made = cast(binary(exp.IntDiv, left, right), spark_type(c.type) or "")
    elif c.type.root in _APPROXIMATE and all(c.type_of(i).is_numeric for i in (0, 1)):
        made = binary(exp.Div, left, right)
        if c.type.root is TypeRoot.FLOAT:
            made = cast(made, "FLOAT")
    elif c.type.root is TypeRoot.DECIMAL:
        made = cast(binary(exp.Div, left, right), spark_type(c.type) or "")
    else:
        return None
    return _unless_zero(c, made)


def _mod(c: Called) -> exp.Expression | None:
    if not all(c.type_of(i).is_integer or c.type_of(i).root is TypeRoot.DECIMAL for i in (0, 1)):
        return None
    made = binary(exp.Mod, *c.args)
    return _unless_zero(c, cast(made, spark_type(c.type) or ""))


def _unless_zero(c: Called, made: exp.Expression) -> exp.Expression:
    """Fail where the divisor is 0, which gives NULL in Spark.

    Flink fails too for integers and decimals; for FLOAT and DOUBLE it gives infinity or NaN, and
    here the job fails rather than give NULL.
    """
    by = c.constant(1)
    if by is not None and by != 0 and not isinstance(by, Interval):
        return made
    zero = binary(exp.EQ, c.args[1], exp.Literal.number("0"))
    return case((zero, failing("division by zero")), default=made)


def _negate(c: Called) -> exp.Expression | None:
    if not c.type.is_numeric:
        return None
    return exp.Neg(this=wrapped(c.args[0]))


# --- comparison ----------------------------------------------------------------------------------


def comparable(left: DataType, right: DataType) -> bool:
    """Whether both engines compare values of the two types in the same way."""
    if left.is_numeric and right.is_numeric:
        return (left.root in _APPROXIMATE) == (right.root in _APPROXIMATE) or not (
            {left.root, right.root} & {TypeRoot.FLOAT, TypeRoot.DECIMAL}
        )
    if left.is_string and right.is_string:
        return True
    binaries = (TypeRoot.BINARY, TypeRoot.VARBINARY)
    if left.root in binaries and right.root in binaries:
        return True
    same = left.root is right.root
    known = spark_type(left) is not None and spark_type(right) is not None
    return same and known and left.root not in _NESTED


def _maybe_nan(c: Called, index: int) -> bool:
    return c.type_of(index).root in _APPROXIMATE and c.constant(index) is None


def _not_nan(value: exp.Expression) -> exp.Expression:
    return exp.Not(this=fn("isnan", value.copy()))


def _equals(c: Called) -> exp.Expression | None:
    if not comparable(c.type_of(0), c.type_of(1)):
        return None
    made = binary(exp.EQ, *c.args)
    if _maybe_nan(c, 0) and _maybe_nan(c, 1):
        return both(made, _not_nan(c.args[0]))
    return made


def _not_equals(c: Called) -> exp.Expression | None:
    if not comparable(c.type_of(0), c.type_of(1)):
        return None
    made = binary(exp.NEQ, *c.args)
    if _maybe_nan(c, 0) and _maybe_nan(c, 1):
        return exp.Or(this=made, expression=fn("isnan", c.args[0].copy()))
    return made


def _ordered(node: type[exp.Expression], greater: int) -> Lowering:
    """A comparison; `greater` is the side that must be no NaN for it to hold."""

    def lower(c: Called) -> exp.Expression | None:
        if not comparable(c.type_of(0), c.type_of(1)):
            return None
        made = binary(node, *c.args)
        return both(made, _not_nan(c.args[greater])) if _maybe_nan(c, greater) else made

    return lower


def _between(c: Called) -> exp.Expression | None:
    if not all(comparable(c.type_of(0), c.type_of(i)) for i in (1, 2)):
        return None
    if any(c.type_of(i).root in _APPROXIMATE and _maybe_nan(c, i) for i in range(3)):
        return None
    value, low, high = map(wrapped, c.args)
    return exp.Between(this=value, low=low, high=high)


def _in(c: Called) -> exp.Expression | None:
    kinds = [c.type_of(i) for i in range(len(c.args))]
    if not all(comparable(kinds[0], kind) for kind in kinds[1:]):
        return None
    if any(kind.root in _APPROXIMATE for kind in kinds):
        return None
    return exp.In(this=wrapped(c.args[0]), expressions=list(c.args[1:]))


def _distinct(c: Called) -> exp.Expression | None:
    same = _same(c)
    return None if same is None else exp.Not(this=wrapped(same))


def _same(c: Called) -> exp.Expression | None:
    if not comparable(c.type_of(0), c.type_of(1)) or c.type_of(0).root in _APPROXIMATE:
        return None
    if c.type_of(1).root in _APPROXIMATE:
        return None
    return exp.NullSafeEQ(this=wrapped(c.args[0]), expression=wrapped(c.args[1]))


def _like(c: Called) -> exp.Expression | None:
    """With a constant pattern; Flink's default has no escape character, Spark's is a backslash."""
    pattern, escape = c.constant(1), c.constant(2)
    if not isinstance(pattern, str) or not c.type_of(0).is_string:
        return None
    if "\\" in pattern or "\\" in str(escape) or "\n" in pattern:
        return None
    made: exp.Expression = exp.Like(this=wrapped(c.args[0]), expression=c.args[1])
    if len(c.args) == 3:
        made = exp.Escape(this=made, expression=c.args[2])
    return made


# --- logic ---------------------------------------------------------------------------------------


def _connected(node: type[exp.Expression]) -> Lowering:
    def lower(c: Called) -> exp.Expression:
        made = c.args[0] if isinstance(c.args[0], node) else wrapped(c.args[0])
        for part in c.args[1:]:
            made = node(this=made, expression=part if isinstance(part, node) else wrapped(part))
        return made

    return lower


def _not(c: Called) -> exp.Expression:
    return exp.Not(this=wrapped(c.args[0]))


def _negated(lowering: Lowering) -> Lowering:
    def lower(c: Called) -> exp.Expression | None:
        made = lowering(c)
        return None if made is None else exp.Not(this=wrapped(made))

    return lower


def _null(c: Called) -> exp.Expression:
    return is_null(c.args[0])


def _truth(value: bool | None) -> Lowering:
    def lower(c: Called) -> exp.Expression:
        if value is None:
            return is_null(c.args[0])
        return exp.NullSafeEQ(this=wrapped(c.args[0]), expression=exp.Boolean(this=value))

    return lower


LOWERINGS: Mapping[str, Lowering] = {
    "PLUS": _arithmetic(exp.Add),
    "MINUS": _arithmetic(exp.Sub),
    "TIMES": _arithmetic(exp.Mul),
    "DIVIDE": _divide,
    "MOD": _mod,
    "NEGATE": _negate,
    "EQUALS": _equals,
    "NOT_EQUALS": _not_equals,
    "LESS_THAN": _ordered(exp.LT, 1),
    "LESS_THAN_OR_EQUAL": _ordered(exp.LTE, 1),
    "GREATER_THAN": _ordered(exp.GT, 0),
    "GREATER_THAN_OR_EQUAL": _ordered(exp.GTE, 0),
    "BETWEEN": _between,
    "NOT_BETWEEN": _negated(_between),
    "IN": _in,
    "NOT_IN": _negated(_in),
    "IS_DISTINCT_FROM": _distinct,
    "IS_NOT_DISTINCT_FROM": _same,
    "LIKE": _like,
    "NOT_LIKE": _negated(_like),
    "AND": _connected(exp.And),
    "OR": _connected(exp.Or),
    "NOT": _not,
    "IS_NULL": _null,
    "IS_NOT_NULL": _negated(_null),
    "IS_TRUE": _truth(True),
    "IS_NOT_TRUE": _negated(_truth(True)),
    "IS_FALSE": _truth(False),
    "IS_NOT_FALSE": _negated(_truth(False)),
    "IS_UNKNOWN": _truth(None),
    "IS_NOT_UNKNOWN": _negated(_truth(None)),
}
