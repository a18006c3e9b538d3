"""Exact decimals: DuckDB has no decimal quotient, so it is formed over integers of 128 bits.

A result that has no room in its 38 digits is NULL in Flink; here too where the operands are plain
values, else it fails the row (Flink's NULL cannot be told from an operand's error).
"""

from __future__ import annotations

from sqlglot import exp

from tidemill.model import DataType
from tidemill.model.types import decimal
from tidemill.plan.lowering.build import cast, duckdb_type, error, fn, raises, template, text
from tidemill.plan.lowering.core import Lowered
from tidemill.sql.functions.coerce import MAX_PRECISION, as_decimal


def _size(type_: DataType) -> tuple[int, int]:
    one = as_decimal(type_)
    return one.precision or 0, one.scale or 0


def null_on_overflow(expression: exp.Expression, *operands: exp.Expression) -> exp.Expression:
    """NULL where the result has no room, unless an operand may fail for reasons of its own."""
    if any(raises(operand) for operand in operands):
        return expression
    return fn("TRY", expression)


def aligned(c: Lowered) -> tuple[exp.Expression, exp.Expression]:
    """Both operands with the larger scale of the two and as many digits as it takes."""
    (p1, s1), (p2, s2) = _size(c.type_of(0)), _size(c.type_of(1))
    scale = max(s1, s2)
    digits = min(MAX_PRECISION, max(p1 - s1, p2 - s2) + scale)
    shared = duckdb_type(decimal(digits, scale))
    return cast(c.args[0], shared), cast(c.args[1], shared)


def add(c: Lowered, operator: str) -> exp.Expression:
    """Sum or difference."""
    left, right = aligned(c)
    result = cast(template(f":left {operator} :right", left=left, right=right), duckdb_type(c.type))
    scale = max(_size(c.type_of(0))[1], _size(c.type_of(1))[1])
    return _limited(c, result, scale)


def multiply(c: Lowered) -> exp.Expression:
    """Product; the exact product is rounded half up where the result keeps fewer digits."""
    (p1, s1), (p2, s2) = _size(c.type_of(0)), _size(c.type_of(1))
    # DuckDB multiplies within 64 bits unless an operand is wider than 18 digits.
    wide = 19 if p1 + p2 > 18 else 1
    left = cast(c.args[0], duckdb_type(decimal(max(p1, wide), s1)))
    right = cast(c.args[1], duckdb_type(decimal(max(p2, wide), s2)))
    product = cast(template(":left * :right", left=left, right=right), duckdb_type(c.type))
    return _limited(c, product, s1 + s2)


def _limited(c: Lowered, result: exp.Expression, exact_scale: int) -> exp.Expression:
    """NULL on overflow; but where DuckDB's exact result is longer than Flink's, fail the row."""
    if (c.type.precision or 0) < MAX_PRECISION or (c.type.scale or 0) < exact_scale:
        return result
    return null_on_overflow(result, *c.args)


def unscaled(value: exp.Expression, type_: DataType) -> exp.Expression:
    """The digits of a decimal as a HUGEINT: 12.30 of scale 2 is 1230."""
    precision, scale = _size(type_)
    if scale == 0:
        return cast(value, "HUGEINT")
    if precision + scale <= MAX_PRECISION:
        power = cast(text(str(10**scale)), f"DECIMAL({scale + 1}, 0)")
        wide = cast(value, f"DECIMAL({precision}, {scale})")
        return cast(template(":value * :power", value=wide, power=power), "HUGEINT")
    digits = fn("replace", cast(value, "VARCHAR"), text("."), text(""))
    return cast(digits, "HUGEINT")


def scaled(digits: exp.Expression, type_: DataType) -> exp.Expression:
    """The decimal of that type whose digits are a HUGEINT."""
    scale = _size(type_)[1]
    whole = cast(digits, f"DECIMAL({MAX_PRECISION}, 0)")
    if scale == 0:
        return cast(whole, duckdb_type(type_))
    unit = cast(text("0." + "0" * (scale - 1) + "1"), f"DECIMAL({min(scale + 1, 38)}, {scale})")
    return cast(template(":whole * :unit", whole=whole, unit=unit), duckdb_type(type_))


def rounded_quotient(numerator: exp.Expression, divisor: exp.Expression) -> exp.Expression:
    """The integer quotient of two HUGEINTs, rounded half away from zero; divisor is not 0.

    One division only: 128-bit ones cost most of a decimal quotient. Half the divisor still fits
    above a numerator of 38 digits.
    """
    return template(
        "CASE WHEN (:n < 0) = (:d < 0) THEN (abs(:n) + (abs(:d) >> 1)) // abs(:d) "
        "ELSE -((abs(:n) + (abs(:d) >> 1)) // abs(:d)) END",
        n=numerator,
        d=divisor,
    )


def power_of_ten(exponent: int) -> exp.Expression:
    """10 to a power, as a HUGEINT."""
    return cast(text(str(10**exponent)), "HUGEINT")


def quotient(
    numerator: exp.Expression, divisor: exp.Expression, shift: int, numerator_digits: int
) -> exp.Expression:
    """`numerator * 10^shift / divisor` over HUGEINTs, rounded half up, by long division."""
    if shift <= 0:
        over = template(":d * :power", d=divisor, power=power_of_ten(-shift)) if shift else divisor
        return rounded_quotient(numerator, over)
    if numerator_digits + shift <= MAX_PRECISION:
        lifted = template(":n * :power", n=numerator, power=power_of_ten(shift))
        return rounded_quotient(lifted, divisor)
    rest = template(":n % :d", n=numerator, d=divisor)
    tail = template(":r * :power", r=rest, power=power_of_ten(shift))
    return template(
        ":n // :d * :power + :tail",
        n=numerator,
        d=divisor,
        power=power_of_ten(shift),
        tail=rounded_quotient(tail, divisor),
    )


def divide(c: Lowered) -> exp.Expression:
    """Quotient, exact to the scale of the result, rounded half up; division by zero fails."""
    (p1, s1), (p2, s2) = _size(c.type_of(0)), _size(c.type_of(1))
    left, right = c.args
    shift = (c.type.scale or 0) + s2 - s1
    digits = quotient(unscaled(left, c.type_of(0)), unscaled(right, c.type_of(1)), shift, p1)
    result = scaled(digits, c.type)
    if (c.type.precision or 0) >= MAX_PRECISION and p2 + shift <= MAX_PRECISION:
        result = null_on_overflow(result, left, right)
    return template(
        "CASE WHEN :right = 0 THEN CASE WHEN :left IS NOT NULL THEN :error END ELSE :result END",
        left=left,
        right=right,
        result=result,
        error=cast(
            error("engine.division-by-zero", "division by zero of", left), duckdb_type(c.type)
        ),
    )
