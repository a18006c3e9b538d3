"""Functions of dates and timestamps.

Spark computes many of them on TIMESTAMP alone and converts a TIMESTAMP_NTZ through the session's
time zone, which is exact in UTC only; elsewhere they are refused for TIMESTAMP.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from tidemill.model import DataType, TypeRoot
from tidemill.runners.spark.lowering.build import (
    binary,
    case,
    cast,
    failing,
    fn,
    is_null,
    number,
    since_1970,
    text,
    wrapped,
)
from tidemill.runners.spark.lowering.casts import is_utc
from tidemill.runners.spark.lowering.core import Called, Lowering
from tidemill.runners.spark.types import spark_type

_PARTS = {
    "YEAR": "year",
    "QUARTER": "quarter",
    "MONTH": "month",
    "WEEK": "weekofyear",
    "DAY": "day",
    "DOY": "dayofyear",
    "DOW": "dayofweek",
    "HOUR": "hour",
    "MINUTE": "minute",
    "SECOND": "second",
}
_NAMES = {"DAYOFYEAR": "DOY", "DAYOFMONTH": "DAY", "DAYOFWEEK": "DOW"}
_CLOCK = ("HOUR", "MINUTE", "SECOND")
_PATTERN = frozenset("yMdHmsS-/: .,_T'")


def _held(kind: DataType) -> bool:
    return spark_type(kind) is not None


def _local(kind: DataType, c: Called) -> bool:
    """Whether Spark sees the value's clock as Flink does."""
    return _held(kind) and (kind.root is not TypeRoot.TIMESTAMP or is_utc(c.time_zone))


def _part(unit: str, value: exp.Expression, kind: DataType) -> exp.Expression | None:
    if not _held(kind) or not (kind.is_timestamp or kind.root is TypeRoot.DATE):
        return None
    value = since_1970(value, kind)
    if unit == "ISODOW":
        made = binary(exp.Add, fn("weekday", value), number(1))
        return cast(made, "BIGINT")
    name = _PARTS.get(unit)
    if name is None or (unit in _CLOCK and kind.root is TypeRoot.DATE):
        return None
    return cast(fn(name, value), "BIGINT")


def _extract(c: Called) -> exp.Expression | None:
    return _part(str(c.constant(0)), c.args[1], c.type_of(1))


def _named_part(unit: str) -> Lowering:
    return lambda c: _part(unit, c.args[0], c.type_of(0))


def _floor(c: Called) -> exp.Expression | None:
    kind, unit = c.type_of(0), str(c.constant(1))
    if kind.root is TypeRoot.DATE and unit in ("YEAR", "QUARTER", "MONTH"):
        return fn("trunc", c.args[0], text(unit))
    if (
        not kind.is_timestamp
        or not _held(kind)
        or not is_utc(c.time_zone)
        or unit not in ("YEAR", "QUARTER", "MONTH", "DAY", *_CLOCK)
    ):
        return None
    value = since_1970(c.args[0], kind) if unit in ("YEAR", "QUARTER", "MONTH") else c.args[0]
    return cast(fn("date_trunc", text(unit), value), spark_type(kind) or "")


def _ceil(c: Called) -> exp.Expression | None:
    floor, unit = _floor(c), str(c.constant(1))
    if floor is None or not c.type_of(0).is_timestamp or not is_utc(c.time_zone):
        return None
    step = exp.Interval(
        this=text("3" if unit == "QUARTER" else "1"),
        unit=exp.var("MONTH" if unit == "QUARTER" else unit),
    )
    return case(
        (binary(exp.EQ, floor, c.args[0]), floor.copy()),
        default=binary(exp.Add, floor.copy(), step),
    )


def _timestampadd(c: Called) -> exp.Expression | None:
    kind, unit = c.type_of(2), str(c.constant(0))
    amount = cast(c.args[1], "INT")
    if kind.root is TypeRoot.DATE:
        if unit in ("DAY", "WEEK"):
            days = amount if unit == "DAY" else binary(exp.Mul, amount, number(7))
            return fn("date_add", c.args[2], days)
        months = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}.get(unit)
        if months is None:
            return None
        return fn("add_months", c.args[2], binary(exp.Mul, amount, number(months)))
    if not kind.is_timestamp or not _held(kind):
        return None
    if kind.root is TypeRoot.TIMESTAMP_LTZ and not is_utc(c.time_zone):
        return None
    return fn("timestampadd", exp.var(unit), amount, c.args[2])


def _timestampdiff(c: Called) -> exp.Expression | None:
    kinds = (c.type_of(1), c.type_of(2))
    if c.constant(0) == "WEEK":
        return None
    if not all(kind.is_timestamp and _local(kind, c) for kind in kinds) or not is_utc(c.time_zone):
        return None
    return cast(fn("timestampdiff", exp.var(str(c.constant(0))), c.args[1], c.args[2]), "INT")


def _date_format(c: Called) -> exp.Expression | None:
    kind, pattern = c.type_of(0), c.constant(1)
    if not kind.is_timestamp or not _local(kind, c) or not isinstance(pattern, str):
        return None
    if not set(pattern) <= _PATTERN or "MMM" in pattern or "ddd" in pattern:
        return None
    return fn("date_format", c.args[0], c.args[1])


_FIRST_S, _LAST_S = -62_167_219_200, 253_402_300_799
"""The years 0 to 9999, beyond which Flink gives NULL."""


def _to_timestamp_ltz(c: Called) -> exp.Expression | None:
    precision = c.constant(1) if len(c.args) > 1 else 3
    if not isinstance(precision, int) or not c.type_of(0).is_integer:
        return None
    name = {0: "timestamp_seconds", 3: "timestamp_millis", 6: "timestamp_micros"}.get(precision)
    if name is None:
        return None
    unit = 10**precision
    bounds = [number(_FIRST_S * unit), number(_LAST_S * unit + unit - 1)]
    inside = exp.Between(this=wrapped(c.args[0].copy()), low=bounds[0], high=bounds[1])
    return case((inside, fn(name, c.args[0])))


def _from_unixtime(c: Called) -> exp.Expression | None:
    pattern = c.constant(1) if len(c.args) > 1 else "yyyy-MM-dd HH:mm:ss"
    if not isinstance(pattern, str) or not set(pattern) <= _PATTERN or "MMM" in pattern:
        return None
    return fn("from_unixtime", c.args[0], text(pattern))


def _to_date(c: Called) -> exp.Expression | None:
    return fn("try_to_date", *c.args) if len(c.args) == 1 else None


def _to_timestamp(c: Called) -> exp.Expression | None:
    """With a pattern. A text that does not fit it fails the job: Flink reads some of them."""
    pattern = c.constant(1) if len(c.args) > 1 else None
    if not isinstance(pattern, str) or not is_utc(c.time_zone) or pattern.count("S") > 3:
        return None
    if not set(pattern) <= _PATTERN | {"T"} or "MMM" in pattern:
        return None
    read = cast(fn("try_to_timestamp", *c.args), "TIMESTAMP_NTZ")
    wrong = cast(failing("no timestamp:", c.args[0].copy()), "TIMESTAMP_NTZ")
    missing = (is_null(c.args[0].copy()), exp.Null())
    return case(missing, default=fn("coalesce", read, wrong))


LOWERINGS: Mapping[str, Lowering] = {
    "EXTRACT": _extract,
    **{
        name: _named_part(_NAMES.get(name, name))
        for name in (
            "YEAR",
            "QUARTER",
            "MONTH",
            "WEEK",
            "DAYOFYEAR",
            "DAYOFMONTH",
            "DAYOFWEEK",
            *_CLOCK,
        )
    },
    "FLOOR": _floor,
    "CEIL": _ceil,
    "TIMESTAMPADD": _timestampadd,
    "TIMESTAMPDIFF": _timestampdiff,
    "DATE_FORMAT": _date_format,
    "TO_TIMESTAMP_LTZ": _to_timestamp_ltz,
    "FROM_UNIXTIME": _from_unixtime,
    "TO_DATE": _to_date,
    "TO_TIMESTAMP": _to_timestamp,
}
