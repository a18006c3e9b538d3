"""Mathematical functions, with the results of Java's Math."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from tidemill.model import TypeRoot
from tidemill.plan.lowering import integers
from tidemill.plan.lowering.approximate_text import shortest
from tidemill.plan.lowering.build import cast, duckdb_type, error, fn, number, template, text
from tidemill.plan.lowering.core import Lowered, Lowering
from tidemill.sql.functions.signatures import literal_int

_APPROXIMATE = (TypeRoot.FLOAT, TypeRoot.DOUBLE)


def _abs(c: Lowered) -> exp.Expression:
    """Of the smallest integer it is that integer itself, as in Java."""
    (value,) = c.args
    if not c.type.is_integer:
        return fn("abs", value)
    zero = cast(exp.Literal.number("0"), duckdb_type(c.type))
    negated = integers.arithmetic("-", zero, value, c.type.root)
    return template("CASE WHEN :v < 0 THEN :negated ELSE :v END", v=value, negated=negated)


def _sign(c: Lowered) -> exp.Expression:
    (value,) = c.args
    if c.type.root in _APPROXIMATE:
        return template(
            "CASE WHEN isnan(:v) THEN :v ELSE :sign END",
            v=value,
            sign=cast(fn("sign", value), duckdb_type(c.type)),
        )
    return cast(fn("sign", value), duckdb_type(c.type))


def whole(name: str) -> Lowering:
    """FLOOR and CEIL of a number."""

    def lower(c: Lowered) -> exp.Expression:
        if c.type.is_integer:
            return c.args[0]
        return cast(fn(name, c.args[0]), duckdb_type(c.type))

    return lower


def _round(c: Lowered) -> exp.Expression:
    """Half away from zero, over the shortest decimal text of a DOUBLE, as Java does it."""
    return _to_digits(c, "round")


def _truncate(c: Lowered) -> exp.Expression:
    return _to_digits(c, "trunc")


def _to_digits(c: Lowered, name: str) -> exp.Expression:
    value = c.args[0]
    digits = literal_int(c.call.arguments[1]) if len(c.args) == 2 else 0
    sql = duckdb_type(c.type)
    if c.type.root is TypeRoot.DECIMAL:
        scale = c.type_of(0).scale or 0
        if digits is None or digits >= scale:
            return cast(value, sql)
        return cast(fn(name, value, number(digits)), sql)
    places = c.args[1] if len(c.args) == 2 else exp.Literal.number("0")
    if c.type.is_integer:
        if digits is not None and digits >= 0:
            return value
        rounded = cast(fn(name, cast(value, "DECIMAL(38, 0)"), places), "HUGEINT")
        return integers.wrap(rounded, c.type.root, "HUGEINT")
    return _approximate_digits(value, name, digits, places, sql)


def _approximate_digits(
    value: exp.Expression,
    name: str,
    digits: int | None,
    places: exp.Expression,
    sql: str,
) -> exp.Expression:
    """Through DECIMAL where the digits have room there (below 10^18), else as DOUBLE."""
    if digits is None or not 0 <= digits <= 18:
        return cast(fn(name, value, places), sql)
    exact = cast(shortest(cast(value, "DOUBLE")), "DECIMAL(38, 20)", safe=True)
    return template(
        "CASE WHEN abs(:v) < 100000000000000000 THEN :rounded ELSE :v END",
        v=value,
        rounded=cast(fn(name, exact, number(digits)), sql),
    )


def _of_double(source: str) -> Lowering:
    def lower(c: Lowered) -> exp.Expression:
        return template(source, **{f"a{i}": a for i, a in enumerate(c.args)})

    return lower


_NAN = "CAST('NaN' AS DOUBLE)"
_LN = (
    f"CASE WHEN {{x}} > 0 THEN ln({{x}}) WHEN {{x}} = 0 THEN CAST('-Infinity' AS DOUBLE) "
    f"WHEN {{x}} IS NOT NULL THEN {_NAN} END"
)


def _guarded(function: str, low: str, high: str) -> str:
    return (
        f"CASE WHEN :a0 >= {low} AND :a0 <= {high} THEN {function}(:a0) "
        f"WHEN :a0 IS NOT NULL THEN {_NAN} END"
    )


def _log(c: Lowered) -> exp.Expression:
    if len(c.args) == 1:
        return template(_LN.format(x=":a0"), a0=c.args[0])
    base = template(_LN.format(x=":a0"), a0=c.args[0])
    value = template(_LN.format(x=":a0"), a0=c.args[1])
    return template(":value / :base", value=value, base=base)


def _rand_integer(c: Lowered) -> exp.Expression:
    failure = error("engine.invalid-argument", "RAND_INTEGER takes a bound above 0, not", c.args[0])
    drawn = cast(template("floor(random() * :bound)", bound=c.args[0]), "INTEGER")
    return template(
        "CASE WHEN :bound <= 0 THEN :failure ELSE :drawn END",
        bound=c.args[0],
        failure=cast(failure, "INTEGER"),
        drawn=drawn,
    )


def _constant(value: str) -> Lowering:
    return lambda c: cast(text(value), "DOUBLE")


_SMOOTH = ("EXP", "ATAN", "SINH", "COSH", "TANH", "DEGREES", "RADIANS")
_FINITE = ("SIN", "COS", "TAN", "COT")

LOWERINGS: Mapping[str, Lowering] = {
    "ABS": _abs,
    "SIGN": _sign,
    "ROUND": _round,
    "TRUNCATE": _truncate,
    "POWER": _of_double("pow(:a0, :a1)"),
    "ATAN2": _of_double("atan2(:a0, :a1)"),
    "SQRT": _of_double(f"CASE WHEN :a0 >= 0 THEN sqrt(:a0) WHEN :a0 IS NOT NULL THEN {_NAN} END"),
    "LN": _of_double(_LN.format(x=":a0")),
    "LOG": _log,
    "LOG10": _of_double(_LN.replace("ln(", "log10(").format(x=":a0")),
    "LOG2": _of_double(f"({_LN.format(x=':a0')}) / ln(CAST(2 AS DOUBLE))"),
    "ASIN": _of_double(_guarded("asin", "-1", "1")),
    "ACOS": _of_double(_guarded("acos", "-1", "1")),
    "PI": _constant("3.141592653589793"),
    "E": _constant("2.718281828459045"),
    "RAND": lambda c: fn("random"),
    "RAND_INTEGER": _rand_integer,
    **{name: _of_double(f"{name.lower()}(:a0)") for name in _SMOOTH},
    **{
        name: _of_double(
            f"CASE WHEN isfinite(:a0) THEN {name.lower()}(:a0) WHEN :a0 IS NOT NULL THEN {_NAN} END"
        )
        for name in _FINITE
    },
}
