"""Literals as DuckDB expressions of exactly their type."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

from sqlglot import exp

from tidemill.model import TypeRoot
from tidemill.plan.lowering.build import cast, duckdb_type, fn, number, text
from tidemill.sql.expressions import Interval, Literal


def lower_literal(literal: Literal) -> exp.Expression:
    """The literal, cast where DuckDB would read another type into its text."""
    value, type_ = literal.value, literal.type
    sql = duckdb_type(type_)
    if value is None:
        return exp.Null() if type_.root is TypeRoot.NULL else cast(exp.Null(), sql)
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, Interval):
        return interval(value)
    if isinstance(value, bytes):
        return fn("from_hex", text(value.hex()))
    if isinstance(value, str):
        return text(value)
    if isinstance(value, int) and type_.root is TypeRoot.INTEGER and abs(value) < 2**31:
        return number(value)
    return cast(text(_written(value)), sql)


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


def interval(value: Interval) -> exp.Expression:
    """An interval literal."""
    if value.months:
        return fn("to_months", number(value.months))
    return fn("to_microseconds", cast(number(value.microseconds), "BIGINT"))
