"""Literals as Spark expressions of exactly their type."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

from sqlglot import exp

from tidemill.model import TypeRoot
from tidemill.runners.spark.lowering.build import cast, fn, number, text
from tidemill.runners.spark.types import spark_type
from tidemill.sql.expressions import Interval, Literal


def lower_literal(literal: Literal) -> exp.Expression | None:
    """The literal, cast where Spark would read another type into its text."""
    value, kind = literal.value, literal.type
    if isinstance(value, Interval):
        return interval(value)
    to = spark_type(kind)
    if to is None:
        return None
    if value is None:
        return exp.Null() if kind.root is TypeRoot.NULL else cast(exp.Null(), to)
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, bytes):
        return fn("unhex", text(value.hex()))
    if isinstance(value, str):
        return text(value)
    if isinstance(value, int) and kind.root is TypeRoot.INTEGER and abs(value) < 2**31:
        return number(value)
    return cast(text(_written(value)), to)


def _written(value: int | float | Decimal | dt.date | dt.time | dt.datetime) -> str:
    if isinstance(value, float):
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return "NaN" if math.isnan(value) else repr(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    return str(value)


_UNITS = (("DAY", 86_400_000_000), ("HOUR", 3_600_000_000), ("MINUTE", 60_000_000))


def interval(value: Interval) -> exp.Expression:
    """An interval literal: of whole months, or of the largest unit that divides it."""
    if value.months:
        return _interval(str(value.months), "MONTH")
    for unit, size_us in _UNITS:
        if value.microseconds % size_us == 0 and value.microseconds:
            return _interval(str(value.microseconds // size_us), unit)
    sign = "-" if value.microseconds < 0 else ""
    seconds, micros = divmod(abs(value.microseconds), 1_000_000)
    fraction = f".{micros:06d}".rstrip("0") if micros else ""
    return _interval(f"{sign}{seconds}{fraction}", "SECOND")


def _interval(amount: str, unit: str) -> exp.Expression:
    return exp.Interval(this=text(amount), unit=exp.var(unit))
