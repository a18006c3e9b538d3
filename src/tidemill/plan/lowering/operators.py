"""Operators: arithmetic, comparison, logic, IS, BETWEEN, IN, LIKE, CASE's kin excepted."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from tidemill.model import DataType, TypeRoot
from tidemill.plan.lowering import decimals, instants, integers
from tidemill.plan.lowering.build import (
    cast,
    duckdb_type,
    error,
    fn,
    raises,
    template,
    text,
    wrapped,
)
from tidemill.plan.lowering.core import Lowered, Lowering

_BY_ZERO = "WHEN :right = 0 THEN CASE WHEN :left IS NOT NULL THEN :error END"
_APPROXIMATE = (TypeRoot.FLOAT, TypeRoot.DOUBLE)


# --- arithmetic ----------------------------------------------------------------------------------


def _plus(c: Lowered) -> exp.Expression:
    return _sum_or_difference(c, "+")


def _minus(c: Lowered) -> exp.Expression:
    return _sum_or_difference(c, "-")


def _sum_or_difference(c: Lowered, operator: str) -> exp.Expression:
    left, right = c.args
    root = c.type.root
    if c.type.is_integer:
        return integers.arithmetic(operator, left, right, root)
    if root is TypeRoot.DECIMAL:
        return decimals.add(c, operator)
    if root is TypeRoot.TIMESTAMP and (c.type.precision or 0) > 6:
        at, by = c.args[::-1] if c.type_of(0).is_interval else c.args
        return instants.moved_nanos(at, operator, by)
    moved = template(f":left {operator} :right", left=left, right=right)
    if root is TypeRoot.DATE and c.type_of(1).root is TypeRoot.INTERVAL_DAY_TIME:
        whole_days = template("to_days(CAST(trunc(epoch(:right) / 86400) AS INTEGER))", right=right)
        moved = template(f":left {operator} :right", left=left, right=whole_days)
    if c.type.is_interval or root in _APPROXIMATE:
        return moved
    return cast(moved, duckdb_type(c.type))


def _times(c: Lowered) -> exp.Expression:
    left, right = c.args
    if c.type.is_integer:
        return integers.arithmetic("*", left, right, c.type.root)
    if c.type.root is TypeRoot.DECIMAL:
        return decimals.multiply(c)
    return template(":left * :right", left=left, right=right)


def _nonzero(c: Lowered, index: int) -> bool:
    value = c.constant(index)
    return isinstance(value, int) and value not in (0, -1)


def _divide(c: Lowered) -> exp.Expression:
    left, right = c.args
    if c.type.root is TypeRoot.DECIMAL:
        return decimals.divide(c)
    if c.type.root in _APPROXIMATE:
        return template(":left / :right", left=left, right=right)
    if _nonzero(c, 1):
        return template(":left // :right", left=left, right=right)
    zero = integers.arithmetic("-", cast(exp.Literal.number("0"), _int(c)), left, c.type.root)
    return template(
        f"CASE {_BY_ZERO} WHEN :right = -1 THEN :negated ELSE :left // :right END",
        left=left,
        right=right,
        negated=zero,
        error=cast(error("engine.division-by-zero", "division by zero of", left), _int(c)),
    )


def _int(c: Lowered) -> str:
    return duckdb_type(c.type)


def _mod(c: Lowered) -> exp.Expression:
    left, right = c.args
    result = duckdb_type(c.type)
    if c.type.root is TypeRoot.DECIMAL:
        left, right = decimals.aligned(c)
    if _nonzero(c, 1):
        return cast(template(":left % :right", left=left, right=right), result)
    remainder = template(
        f"CASE {_BY_ZERO} WHEN :right = -1 THEN :left - :left ELSE :left % :right END",
        left=left,
        right=right,
        error=cast(error("engine.division-by-zero", "remainder by zero of", left), result),
    )
    if c.type.root is TypeRoot.DECIMAL:
        remainder = template(
            f"CASE {_BY_ZERO} ELSE :left % :right END",
            left=left,
            right=right,
            error=cast(error("engine.division-by-zero", "remainder by zero of", left), result),
        )
    return cast(remainder, result)


def _negate(c: Lowered) -> exp.Expression:
    (value,) = c.args
    if c.type.is_integer:
        zero = cast(exp.Literal.number("0"), _int(c))
        return integers.arithmetic("-", zero, value, c.type.root)
    if c.type.is_interval:
        return template("(-1) * :value", value=value)
    return exp.Paren(this=exp.Neg(this=wrapped(value)))


# --- comparison ----------------------------------------------------------------------------------


def _has_nan(type_: DataType) -> bool:
    return type_.root in _APPROXIMATE


_NAN_RULE = {
    # In Java every comparison with NaN is false, but `<>` is true.
    "=": ":left = :right AND NOT isnan(:left)",
    "<>": ":left <> :right OR isnan(:left)",
    "<": ":left < :right AND NOT isnan(:right)",
    "<=": ":left <= :right AND NOT isnan(:right)",
    ">": ":left > :right AND NOT isnan(:left)",
    ">=": ":left >= :right AND NOT isnan(:left)",
}


def comparison(
    operator: str, left: exp.Expression, right: exp.Expression, type_: DataType
) -> exp.Expression:
    """`left operator right`, with NaN as Java has it."""
    if _has_nan(type_) and not (_is_number(left) or _is_number(right)):
        return template(_NAN_RULE[operator], left=left, right=right)
    if _has_nan(type_) and operator in ("<", "<=", ">", ">="):
        return template(_NAN_RULE[operator], left=left, right=right)
    return template(f":left {operator} :right", left=left, right=right)


def _is_number(expression: exp.Expression) -> bool:
    """Whether it is a constant that is not NaN."""
    constant = expression.this if isinstance(expression, exp.Cast) else expression
    return isinstance(constant, exp.Literal) and constant.name.lower() != "nan"


def _compare(operator: str) -> Lowering:
    def lower(c: Lowered) -> exp.Expression:
        return comparison(operator, c.args[0], c.args[1], c.type_of(0))

    return lower


def _distinct(c: Lowered) -> exp.Expression:
    return template(":left IS DISTINCT FROM :right", left=c.args[0], right=c.args[1])


def _not_distinct(c: Lowered) -> exp.Expression:
    return template(":left IS NOT DISTINCT FROM :right", left=c.args[0], right=c.args[1])


def _between(c: Lowered) -> exp.Expression:
    value, low, high = c.args
    above = comparison(">=", value, low, c.type_of(0))
    below = comparison("<=", value, high, c.type_of(0))
    if _has_nan(c.type_of(0)) or raises(value):
        return template(":above AND :below", above=above, below=below)
    return template(":value BETWEEN :low AND :high", value=value, low=low, high=high)


def _not_between(c: Lowered) -> exp.Expression:
    return template("NOT :inside", inside=_between(c))


def _symmetric(c: Lowered) -> exp.Expression:
    """Between the bounds in either order."""
    value, one, other = c.args
    type_ = c.type_of(0)
    return template(
        "(:a AND :b) OR (:c AND :d)",
        a=comparison(">=", value, one, type_),
        b=comparison("<=", value, other, type_),
        c=comparison(">=", value, other, type_),
        d=comparison("<=", value, one, type_),
    )


def _not_symmetric(c: Lowered) -> exp.Expression:
    return template("NOT :inside", inside=_symmetric(c))


def _row_in(c: Lowered) -> exp.Expression:
    """Field by field, so that a NULL field leaves it unknown."""
    value, *items = c.args
    found: exp.Expression | None = None
    for item in items:
        same: exp.Expression | None = None
        for field in c.type_of(0).fields:
            left, right = (fn("struct_extract", v, text(field.name)) for v in (value, item))
            one = comparison("=", left, right, field.type)
            same = one if same is None else template(":a AND :b", a=same, b=one)
        assert same is not None
        found = same if found is None else template(":a OR :b", a=found, b=same)
    assert found is not None
    return exp.Paren(this=found)


def _in(c: Lowered) -> exp.Expression:
    if c.type_of(0).root is TypeRoot.ROW:
        return _row_in(c)
    value, *items = c.args
    listed: exp.Expression = exp.In(
        this=wrapped(value), expressions=[item.copy() for item in items]
    )
    if _has_nan(c.type_of(0)):
        listed = template(
            ":listed AND NOT isnan(:value)", listed=exp.Paren(this=listed), value=value
        )
    return exp.Paren(this=listed)


def _not_in(c: Lowered) -> exp.Expression:
    return template("NOT :inside", inside=_in(c))


# --- logic ---------------------------------------------------------------------------------------


def _and(c: Lowered) -> exp.Expression:
    """AND stops at the first FALSE, so that what stands right of it cannot fail the row."""
    result = c.args[0]
    for right in c.args[1:]:
        source = ":left AND :right"
        if raises(right):
            source = "CASE WHEN :left IS FALSE THEN FALSE ELSE :left AND :right END"
        result = template(source, left=result, right=right)
    return result


def _or(c: Lowered) -> exp.Expression:
    """OR stops at the first TRUE."""
    result = c.args[0]
    for right in c.args[1:]:
        source = ":left OR :right"
        if raises(right):
            source = "CASE WHEN :left IS TRUE THEN TRUE ELSE :left OR :right END"
        result = template(source, left=result, right=right)
    return result


def _of_one(source: str) -> Lowering:
    def lower(c: Lowered) -> exp.Expression:
        return template(source, value=c.args[0])

    return lower


# --- patterns ------------------------------------------------------------------------------------


def _like(c: Lowered) -> exp.Expression:
    """LIKE; without ESCAPE, a backslash is a plain character, as DuckDB has it too."""
    value, pattern = c.args[:2]
    if len(c.args) == 2:
        return exp.Paren(this=exp.Like(this=wrapped(value), expression=wrapped(pattern)))
    return fn("like_escape", value, pattern, c.args[2])


def _not_like(c: Lowered) -> exp.Expression:
    return template("NOT :liked", liked=_like(c))


LOWERINGS: Mapping[str, Lowering] = {
    "PLUS": _plus,
    "MINUS": _minus,
    "TIMES": _times,
    "DIVIDE": _divide,
    "MOD": _mod,
    "NEGATE": _negate,
    "EQUALS": _compare("="),
    "NOT_EQUALS": _compare("<>"),
    "LESS_THAN": _compare("<"),
    "LESS_THAN_OR_EQUAL": _compare("<="),
    "GREATER_THAN": _compare(">"),
    "GREATER_THAN_OR_EQUAL": _compare(">="),
    "AND": _and,
    "OR": _or,
    "NOT": _of_one("NOT :value"),
    "IS_NULL": _of_one(":value IS NULL"),
    "IS_NOT_NULL": _of_one("NOT (:value IS NULL)"),
    "IS_TRUE": _of_one("COALESCE(:value, FALSE)"),
    "IS_NOT_TRUE": _of_one("NOT COALESCE(:value, FALSE)"),
    "IS_FALSE": _of_one("NOT COALESCE(:value, TRUE)"),
    "IS_NOT_FALSE": _of_one("COALESCE(:value, TRUE)"),
    "IS_UNKNOWN": _of_one(":value IS NULL"),
    "IS_NOT_UNKNOWN": _of_one("NOT (:value IS NULL)"),
    "IS_DISTINCT_FROM": _distinct,
    "IS_NOT_DISTINCT_FROM": _not_distinct,
    "BETWEEN": _between,
    "NOT_BETWEEN": _not_between,
    "SYMMETRIC_BETWEEN": _symmetric,
    "NOT_SYMMETRIC_BETWEEN": _not_symmetric,
    "IN": _in,
    "NOT_IN": _not_in,
    "LIKE": _like,
    "NOT_LIKE": _not_like,
}
