"""Values of a suite as literals that compare exactly with a column, and never raise.

A bound that is finer than a DECIMAL or integer column can hold is moved to the next value that it
can: `x >= 0.125` is `x >= 0.13` where x has two digits.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, InvalidOperation
from typing import Any

import pyarrow as pa
from sqlglot import exp

from tidemill.quality.kinds.base import UnfitError
from tidemill.records import dataclass

_DIGITS_MAX = 38
_WIDE = Context(prec=400)


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound of a column; `strict`: the bound itself is outside."""

    value: exp.Expression
    strict: bool


def is_exact(type_: pa.DataType) -> bool:
    """Whether it is an integer or decimal number."""
    return bool(pa.types.is_integer(type_) or pa.types.is_decimal(type_))


def is_text(type_: pa.DataType) -> bool:
    """Whether it is text."""
    return bool(
        pa.types.is_string(type_) or pa.types.is_large_string(type_) or _is_string_view(type_)
    )


def is_comparable(type_: pa.DataType) -> bool:
    """Whether values can be compared with values of a suite."""
    return bool(
        is_exact(type_) or is_text(type_) or pa.types.is_floating(type_)
        or pa.types.is_boolean(type_) or (pa.types.is_temporal(type_)
        and not pa.types.is_duration(type_))
    )  # fmt: skip


def bound(value: Any, type_: pa.DataType, *, lower: bool, strict: bool) -> Bound:
    """A lower or upper bound of a column; raises UnfitError."""
    if not is_exact(type_):
        return Bound(literal(value, type_), strict)
    number = _decimal(value, type_)
    step = Decimal(1).scaleb(-(type_.scale if pa.types.is_decimal(type_) else 0))
    try:
        fitted = number.quantize(step, ROUND_CEILING if lower else ROUND_FLOOR, _WIDE)
    except InvalidOperation:
        raise UnfitError(f"{value} is out of range of {type_}") from None
    return Bound(_number(fitted, value), strict and fitted == number)


def literal(value: Any, type_: pa.DataType) -> exp.Expression:
    """One value of a column's type; raises UnfitError."""
    if pa.types.is_boolean(type_):
        if not isinstance(value, bool):
            raise _unfit(value, "true or false")
        return exp.true() if value else exp.false()
    if is_exact(type_):
        return _number(_decimal(value, type_), value)
    if pa.types.is_floating(type_):
        return _float(value)
    if is_text(type_):
        if not isinstance(value, str):
            raise _unfit(value, "text")
        return exp.Literal.string(value)
    return _temporal(value, type_)


def _decimal(value: Any, type_: pa.DataType) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise _unfit(value, f"a number, as {type_}")
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise _unfit(value, f"a number, as {type_}") from None
    if not number.is_finite():
        raise _unfit(value, "a finite number")
    return number


def _number(number: Decimal, value: Any) -> exp.Expression:
    text = format(number, "f")
    if len(text.replace("-", "").replace(".", "")) > _DIGITS_MAX:
        raise UnfitError(f"{value} has more than {_DIGITS_MAX} digits")
    made = exp.Literal.number(text.removeprefix("-"))
    return exp.Neg(this=made) if text.startswith("-") else made


def _float(value: Any) -> exp.Expression:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _unfit(value, "a number")
    number = float(value)
    if math.isnan(number):
        raise _unfit(value, "a number")
    return exp.cast(exp.Literal.string(repr(number)), "DOUBLE")


def _temporal(value: Any, type_: pa.DataType) -> exp.Expression:
    parsers: list[tuple[bool, str, Callable[[Any], str]]] = [
        (pa.types.is_date(type_), "DATE", _date),
        (pa.types.is_time(type_), "TIME", _time),
        (
            pa.types.is_timestamp(type_),
            "TIMESTAMP" if getattr(type_, "tz", None) is None else "TIMESTAMPTZ",
            lambda v: _timestamp(v, zoned=type_.tz is not None),
        ),
    ]
    for fits, name, parse in parsers:
        if fits:
            try:
                return exp.cast(exp.Literal.string(parse(value)), name)
            except (ValueError, TypeError):
                raise _unfit(value, f"a {name}, such as {_EXAMPLES[name]}") from None
    raise UnfitError(f"values of the type {type_} cannot be compared")


_EXAMPLES = {
    "DATE": "2026-01-31",
    "TIME": "09:30:00",
    "TIMESTAMP": "2026-01-31 09:30:00",
    "TIMESTAMPTZ": "2026-01-31 09:30:00+00:00",
}


def _date(value: Any) -> str:
    if isinstance(value, dt.datetime):
        raise TypeError
    return (value if isinstance(value, dt.date) else dt.date.fromisoformat(value)).isoformat()


def _time(value: Any) -> str:
    return (value if isinstance(value, dt.time) else dt.time.fromisoformat(value)).isoformat()


def _timestamp(value: Any, *, zoned: bool) -> str:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        value = dt.datetime.combine(value, dt.time())
    moment = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value)
    if not zoned and moment.tzinfo is not None:
        raise ValueError
    if zoned and moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return moment.isoformat(" ")


def _unfit(value: Any, wanted: str) -> UnfitError:
    return UnfitError(f"`{value}` is not {wanted}")


def _is_string_view(type_: pa.DataType) -> bool:
    return bool(pa.types.is_string_view(type_))
