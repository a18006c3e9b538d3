"""Temporal functions: current time, conversion, extraction, arithmetic, FLOOR and CEIL to a unit.

Units come as string literals (`EXTRACT('HOUR', ts)`, `FLOOR(ts, 'HOUR')`), first or last.
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import available_timezones

from tidemill.model import DataType, TypeRoot
from tidemill.model.types import BIGINT, BOOLEAN, DATE, INT, STRING, timestamp, timestamp_ltz
from tidemill.sql.expressions import Expression, Literal
from tidemill.sql.functions.coerce import cast_to
from tidemill.sql.functions.math import bind_whole
from tidemill.sql.functions.patterns import check_date_pattern
from tidemill.sql.functions.registry import (
    BoundCall,
    FunctionArgumentError,
    FunctionTable,
    ScalarFunction,
)
from tidemill.sql.functions.signatures import (
    Arguments,
    Bind,
    any_nullable,
    as_bigint,
    as_text,
    count,
    fixed,
    is_null_literal,
    literal_int,
    literal_text,
    refuse,
    table,
)

_TIMESTAMP_3 = timestamp(3)
_LTZ_3 = timestamp_ltz(3)
_TIME_0 = DataType(TypeRoot.TIME, precision=0)
_DAY_UNITS = ("YEAR", "QUARTER", "MONTH", "WEEK", "DAY")
_LONG_UNITS = ("MILLENNIUM", "CENTURY", "DECADE")
_CLOCK_UNITS = ("HOUR", "MINUTE", "SECOND")
_DATE_UNITS = (*_LONG_UNITS, *_DAY_UNITS, "ISOYEAR", "DOW", "ISODOW", "DOY", "EPOCH")
_TIME_UNITS = (*_CLOCK_UNITS, "MILLISECOND")
_FINE_UNITS = ("MICROSECOND", "NANOSECOND")
_DIFF_UNITS = (*_DAY_UNITS, *_CLOCK_UNITS)
_ADD_UNITS = (*_DIFF_UNITS, "MILLISECOND")
_ROUNDING_UNITS = (*_LONG_UNITS, *_DAY_UNITS, *_CLOCK_UNITS)


def _unit(expression: Expression, allowed: tuple[str, ...]) -> Literal:
    name = literal_text(expression, "the time unit").upper()
    name = name.removeprefix("SQL_TSI_")
    if name not in allowed:
        raise FunctionArgumentError(
            f"does not take the unit {name}", hint=f"Use one of {', '.join(allowed)}."
        )
    return Literal(name, expression.type, expression.span)


def _is_point_in_time(type_: DataType) -> bool:
    return type_.is_timestamp or type_.root is TypeRoot.DATE


def _as_point_in_time(expression: Expression) -> Expression:
    if is_null_literal(expression):
        return cast_to(expression, _TIMESTAMP_3)
    if not _is_point_in_time(expression.type):
        raise refuse(expression, "TIMESTAMP or DATE or TIMESTAMP_LTZ")
    return expression


def _as_timestamp(expression: Expression) -> Expression:
    if is_null_literal(expression):
        return cast_to(expression, _TIMESTAMP_3)
    if not expression.type.is_timestamp:
        raise refuse(expression, "TIMESTAMP or TIMESTAMP_LTZ")
    return expression


def _bind_extract(arguments: Arguments) -> BoundCall:
    count(arguments, 2)
    value = arguments[1]
    if is_null_literal(value):
        value = cast_to(value, _TIMESTAMP_3)
    if value.type.is_timestamp:
        allowed: tuple[str, ...] = _DATE_UNITS + _TIME_UNITS
        if value.type.root is TypeRoot.TIMESTAMP:
            allowed += _FINE_UNITS
    elif value.type.root is TypeRoot.INTERVAL_DAY_TIME:
        allowed = ("DAY", *_CLOCK_UNITS)
    elif value.type.root is TypeRoot.INTERVAL_YEAR_MONTH:
        allowed = ("YEAR", "MONTH")
    elif value.type.root is TypeRoot.DATE:
        allowed = _DATE_UNITS + _TIME_UNITS
    elif value.type.root is TypeRoot.TIME:
        allowed = _TIME_UNITS
    else:
        raise refuse(value, "TIMESTAMP or DATE or TIME")
    return BoundCall(
        (_unit(arguments[0], allowed), value), BIGINT.with_nullable(any_nullable(arguments))
    )


def _part(unit: str) -> Bind:
    def bind(arguments: Arguments) -> BoundCall:
        count(arguments, 1)
        bound = _bind_extract((Literal(unit, STRING.with_nullable(False)), arguments[0]))
        return BoundCall(bound.arguments[1:], bound.type)

    return bind


def _bind_rounding(arguments: Arguments) -> BoundCall:
    """FLOOR and CEIL: of a number, or of a point in time to a unit."""
    if len(arguments) != 2:
        return bind_whole(arguments)
    value, unit = arguments
    if isinstance(value, Literal) and isinstance(value.value, str):
        value, unit = unit, value
    value = _as_point_in_time(value)
    allowed = _ROUNDING_UNITS if value.type.is_timestamp else _ROUNDING_UNITS[:-3]
    return BoundCall((value, _unit(unit, allowed)), value.type)


def _bind_timestampdiff(arguments: Arguments) -> BoundCall:
    count(arguments, 3)
    unit = _unit(arguments[0], _DIFF_UNITS)
    points = [_as_point_in_time(a) for a in arguments[1:]]
    if {p.type.root is TypeRoot.TIMESTAMP_LTZ for p in points} == {True, False}:
        raise FunctionArgumentError(
            "mixes TIMESTAMP and TIMESTAMP_LTZ", hint="Cast the values to one of the two."
        )
    stamps = tuple(cast_to(p, timestamp(3)) if p.type.root is TypeRoot.DATE else p for p in points)
    return BoundCall((unit, *stamps), INT.with_nullable(any_nullable(arguments)))


def _bind_overlaps(arguments: Arguments) -> BoundCall:
    """Two pairs: a point in time, then another or how long it lasts."""
    count(arguments, 4)
    points = [arguments[0], arguments[2]]
    points += [a for a in (arguments[1], arguments[3]) if not a.type.is_interval]
    for point in points:
        if not (_is_point_in_time(point.type) or point.type.root is TypeRoot.TIME):
            raise refuse(point, "TIMESTAMP or DATE or TIME")
    if len({p.type.root for p in points}) > 1:
        raise FunctionArgumentError(
            "mixes kinds of points in time", hint="Cast the values to one of them."
        )
    return BoundCall(tuple(arguments), BOOLEAN.with_nullable(any_nullable(arguments)))


def _bind_timestampadd(arguments: Arguments) -> BoundCall:
    count(arguments, 3)
    unit = _unit(arguments[0], _ADD_UNITS)
    amount = as_bigint(arguments[1])
    point = _as_point_in_time(arguments[2])
    result = point.type
    if result.root is TypeRoot.DATE and unit.value not in _DAY_UNITS:
        point = cast_to(point, timestamp(6))
        result = point.type
    return BoundCall((unit, amount, point), result.with_nullable(any_nullable(arguments)))


def _pattern(expression: Expression, use: str) -> Literal:
    pattern = literal_text(expression, "the date pattern")
    check_date_pattern(pattern, use)
    return Literal(pattern, expression.type, expression.span)


def _bind_date_format(arguments: Arguments) -> BoundCall:
    count(arguments, 2)
    value = arguments[0]
    if value.type.is_string:
        return BoundCall((value, _pattern(arguments[1], "format simply")), STRING)
    bound = (_as_timestamp(value), _pattern(arguments[1], "format"))
    return BoundCall(bound, STRING)


def _from_text(returns: DataType, use: str = "parse") -> Bind:
    """A string and an optional pattern; a text that does not fit gives NULL."""

    def bind(arguments: Arguments) -> BoundCall:
        count(arguments, 1, 2)
        bound: tuple[Expression, ...] = (as_text(arguments[0]),)
        if len(arguments) == 2:
            bound = (*bound, _pattern(arguments[1], use))
        return BoundCall(bound, returns)

    return bind


def _ltz_from_text(arguments: Arguments) -> BoundCall:
    bound = _from_text(_LTZ_3)(arguments[:2])
    if len(arguments) == 2 or len(arguments) == 1:
        return bound
    zone = literal_text(arguments[2], "the time zone")
    if zone not in available_timezones():
        raise FunctionArgumentError(
            f"does not know the time zone {zone!r}", hint="Use a name such as 'Europe/Berlin'."
        )
    return BoundCall((*bound.arguments, arguments[2]), bound.type)


def _bind_to_timestamp_ltz(arguments: Arguments) -> BoundCall:
    count(arguments, 1, 3)
    value = arguments[0]
    if value.type.is_string:
        return _ltz_from_text(arguments)
    count(arguments, 1, 2)
    if is_null_literal(value):
        value = cast_to(value, BIGINT)
    if not value.type.is_numeric:
        raise refuse(value, "BIGINT")
    if value.type.is_integer:
        value = cast_to(value, BIGINT)
    precision = 3 if len(arguments) == 1 else literal_int(arguments[1])
    allowed = (0, 3, 6, 9) if value.type.is_integer else (0, 3)
    if precision not in allowed:
        raise FunctionArgumentError(
            f"takes the precision {', '.join(map(str, allowed))} as a literal here",
            hint="0 stands for seconds, 3 for milliseconds, 6 for microseconds.",
        )
    result = timestamp_ltz(max(3, precision or 0))
    return BoundCall((value, Literal(precision, INT.with_nullable(False))), result)


def _bind_from_unixtime(arguments: Arguments) -> BoundCall:
    count(arguments, 1, 2)
    bound: tuple[Expression, ...] = (as_bigint(arguments[0]),)
    if len(arguments) == 2:
        bound = (*bound, _pattern(arguments[1], "format"))
    return BoundCall(bound, STRING)


def _bind_unix_timestamp(arguments: Arguments) -> BoundCall:
    count(arguments, 0, 2)
    if not arguments:
        return BoundCall((), BIGINT.with_nullable(False))
    bound: tuple[Expression, ...] = (as_text(arguments[0]),)
    if len(arguments) == 2:
        bound = (*bound, _pattern(arguments[1], "parse simply"))
    return BoundCall(bound, BIGINT.with_nullable(any_nullable(arguments)))


def _bind_current_watermark(arguments: Arguments) -> BoundCall:
    count(arguments, 1, 1)
    type_ = replace(arguments[0].type, precision=3, nullable=True)
    return BoundCall(tuple(arguments), type_)


def _bind_now(returns: DataType) -> Bind:
    return fixed(returns=returns, nullable=False)


_PARTS = {
    "YEAR": "YEAR",
    "QUARTER": "QUARTER",
    "MONTH": "MONTH",
    "WEEK": "WEEK",
    "DAYOFYEAR": "DOY",
    "DAYOFMONTH": "DAY",
    "DAYOFWEEK": "DOW",
    "HOUR": "HOUR",
    "MINUTE": "MINUTE",
    "SECOND": "SECOND",
}


def _now(name: str, returns: DataType, signature: str | None = None) -> ScalarFunction:
    bind = _bind_now(replace(returns, nullable=False))
    return ScalarFunction(name, bind, signature or name, volatile=True)


FUNCTIONS: FunctionTable = table(
    _now("CURRENT_TIMESTAMP", _LTZ_3),
    _now("NOW", _LTZ_3, "NOW()"),
    _now("CURRENT_ROW_TIMESTAMP", _LTZ_3, "CURRENT_ROW_TIMESTAMP()"),
    _now("PROCTIME", _LTZ_3, "PROCTIME()"),
    ScalarFunction(
        "CURRENT_WATERMARK",
        _bind_current_watermark,
        "CURRENT_WATERMARK(rowtime)",
        volatile=True,
    ),
    _now("LOCALTIMESTAMP", _TIMESTAMP_3),
    _now("CURRENT_DATE", DATE),
    _now("CURRENT_TIME", _TIME_0),
    _now("LOCALTIME", _TIME_0),
    ScalarFunction(
        "CONVERT_TZ",
        fixed(as_text, as_text, as_text, returns=STRING, nullable=True),
        "CONVERT_TZ(string, from zone, to zone)",
    ),
    ScalarFunction(
        "OVERLAPS", _bind_overlaps, "(point, point or interval) OVERLAPS (point, point or interval)"
    ),
    ScalarFunction("EXTRACT", _bind_extract, "EXTRACT(unit FROM temporal)"),
    *(ScalarFunction(name, _part(unit), f"{name}(temporal)") for name, unit in _PARTS.items()),
    ScalarFunction("FLOOR", _bind_rounding, "FLOOR(numeric), FLOOR(temporal TO unit)"),
    ScalarFunction("CEIL", _bind_rounding, "CEIL(numeric), CEIL(temporal TO unit)"),
    ScalarFunction(
        "TIMESTAMPDIFF", _bind_timestampdiff, "TIMESTAMPDIFF(unit, timestamp, timestamp)"
    ),
    ScalarFunction("TIMESTAMPADD", _bind_timestampadd, "TIMESTAMPADD(unit, integer, timestamp)"),
    ScalarFunction("DATE_FORMAT", _bind_date_format, "DATE_FORMAT(timestamp, pattern)"),
    ScalarFunction("TO_TIMESTAMP", _from_text(_TIMESTAMP_3), "TO_TIMESTAMP(string [, pattern])"),
    ScalarFunction("TO_DATE", _from_text(DATE, "parse simply"), "TO_DATE(string [, pattern])"),
    ScalarFunction(
        "TO_TIMESTAMP_LTZ",
        _bind_to_timestamp_ltz,
        "TO_TIMESTAMP_LTZ(numeric [, precision]), TO_TIMESTAMP_LTZ(string [, pattern])",
    ),
    ScalarFunction("FROM_UNIXTIME", _bind_from_unixtime, "FROM_UNIXTIME(integer [, pattern])"),
    ScalarFunction(
        "UNIX_TIMESTAMP",
        _bind_unix_timestamp,
        "UNIX_TIMESTAMP([string [, pattern]])",
        volatile=True,
    ),
)
