"""Temporal functions. Instants are seen in the local time zone, as Flink does."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from tidemill.model import DataType, TypeRoot
from tidemill.plan.lowering import instants
from tidemill.plan.lowering.build import cast, duckdb_type, fn, number, template, text
from tidemill.plan.lowering.core import Lowered, Lowering
from tidemill.plan.lowering.from_text import parse_date, parse_timestamp
from tidemill.plan.lowering.math import whole
from tidemill.sql.functions.patterns import FORMATS, PARSES, date_pattern_parts

_STAMP_3 = DataType(TypeRoot.TIMESTAMP, precision=3)
_DEFAULT_PATTERN = "yyyy-MM-dd HH:mm:ss"
_LEAST_MILLIS, _MOST_MILLIS = -62167219200000, 253402300799999
_PART = {
    "DOW": "date_part('dow', :v) + 1",
    "ISODOW": "date_part('isodow', :v)",
    "DOY": "date_part('doy', :v)",
    "WEEK": "date_part('week', :v)",
    "ISOYEAR": "date_part('isoyear', :v)",
    "EPOCH": "CAST(trunc(epoch(:v)) AS BIGINT)",
    "SECOND": "date_part('second', :v)",
    "MILLISECOND": "date_part('milliseconds', :v) % 1000",
    "DECADE": "date_part('year', :v) // 10",
    "CENTURY": "(date_part('year', :v) + 99) // 100",
    "MILLENNIUM": "(date_part('year', :v) + 999) // 1000",
    "YEAR": "date_part('year', :v)",
    "QUARTER": "date_part('quarter', :v)",
    "MONTH": "date_part('month', :v)",
    "DAY": "date_part('day', :v)",
    "HOUR": "date_part('hour', :v)",
    "MINUTE": "date_part('minute', :v)",
}
_MONTHS = {"YEAR": 12, "QUARTER": 3, "MONTH": 1}
_MICROS = {
    "WEEK": 604_800_000_000,
    "DAY": 86_400_000_000,
    "HOUR": 3_600_000_000,
    "MINUTE": 60_000_000,
    "SECOND": 1_000_000,
}


def _local(c: Lowered, index: int) -> exp.Expression:
    """An argument as the local timestamp (or date, or time) that a clock on the wall shows."""
    return instants.to_local(c.args[index], c.type_of(index), c.time_zone)


def _part(value: exp.Expression, unit: str) -> exp.Expression:
    return cast(template(_PART[unit], v=value), "BIGINT")


def _extract(c: Lowered) -> exp.Expression:
    return _part(_local(c, 1), str(c.constant(0)))


def _part_of(unit: str) -> Lowering:
    return lambda c: _part(_local(c, 0), unit)


# --- FLOOR and CEIL ------------------------------------------------------------------------------


def _floor(c: Lowered) -> exp.Expression:
    if len(c.args) == 1:
        return whole("floor")(c)
    return _back(c, _floored(_local(c, 0), str(c.constant(1))))


def _ceil(c: Lowered) -> exp.Expression:
    if len(c.args) == 1:
        return whole("ceil")(c)
    unit = str(c.constant(1))
    value = _local(c, 0)
    floor = _floored(value, unit)
    months = {"DECADE": 120, "CENTURY": 1200, "MILLENNIUM": 12000, **_MONTHS}.get(unit)
    step = (
        fn("to_months", number(months))
        if months
        else fn("to_microseconds", cast(text(str(_MICROS[unit])), "BIGINT"))
    )
    return _back(
        c,
        template(
            "CASE WHEN :floor = :value THEN :floor ELSE :floor + :step END",
            floor=floor,
            value=value,
            step=step,
        ),
    )


def _floored(value: exp.Expression, unit: str) -> exp.Expression:
    if unit == "WEEK":  # Flink's weeks begin on Sunday here
        day = template("CAST(:v AS DATE)", v=value)
        return template(
            "CAST(:day AS TIMESTAMP) - to_days(CAST(date_part('dow', :day) AS INTEGER))", day=day
        )
    if unit in ("CENTURY", "MILLENNIUM"):  # they begin with the years 1, 101, 1001, ...
        years = 100 if unit == "CENTURY" else 1000
        return template(
            "make_timestamp((date_part('year', :v) - 1) // :n * :n + 1, 1, 1, 0, 0, 0)",
            v=value,
            n=number(years),
        )
    return fn("date_trunc", text(unit.lower()), value)


def _back(c: Lowered, local: exp.Expression) -> exp.Expression:
    """A local timestamp as the type of the result."""
    if c.type.root is TypeRoot.TIMESTAMP_LTZ:
        stamp = DataType(TypeRoot.TIMESTAMP, precision=c.type.precision)
        return instants.from_local(cast(local, duckdb_type(stamp)), stamp, c.time_zone)
    return cast(local, duckdb_type(c.type))


# --- arithmetic ----------------------------------------------------------------------------------


def _timestampdiff(c: Lowered) -> exp.Expression:
    """Whole units from the first to the second, cut toward zero."""
    unit = str(c.constant(0))
    start, end = _local(c, 1), _local(c, 2)
    if unit in _MONTHS:
        months = template("date_sub('month', :a, :b)", a=start, b=end)
        return cast(template(":m // :n", m=months, n=number(_MONTHS[unit])), "INTEGER")
    micros = template(
        "epoch_ms(CAST(:b AS TIMESTAMP)) - epoch_ms(CAST(:a AS TIMESTAMP))", a=start, b=end
    )
    return cast(template(":d // :n", d=micros, n=number(_MICROS[unit] // 1000)), "INTEGER")


def _timestampadd(c: Lowered) -> exp.Expression:
    unit = str(c.constant(0))
    amount, point = c.args[1], _local(c, 2)
    if unit in _MONTHS:
        step = fn(
            "to_months", cast(template(":n * :k", n=amount, k=number(_MONTHS[unit])), "INTEGER")
        )
    elif unit in ("DAY", "WEEK"):
        days = 7 if unit == "WEEK" else 1
        step = fn("to_days", cast(template(":n * :k", n=amount, k=number(days)), "INTEGER"))
    else:
        size = cast(text(str(_MICROS[unit])), "BIGINT")
        step = fn("to_microseconds", template(":n * :k", n=amount, k=size))
    return _back(c, template(":p + :step", p=point, step=step))


# --- text ----------------------------------------------------------------------------------------


def _strftime(value: exp.Expression, pattern: str) -> exp.Expression:
    """A Java pattern over a timestamp; its letters are known, the declaration has seen to it."""
    written = "".join(
        FORMATS[part] if kind == "letters" else part.replace("%", "%%")
        for kind, part in date_pattern_parts(pattern)
    )
    return fn("strftime", value, text(written))


def _date_format(c: Lowered) -> exp.Expression:
    return _strftime(_local(c, 0), str(c.constant(1)))


def _strptime(value: exp.Expression, pattern: str) -> exp.Expression:
    """The timestamp in a text of exactly this pattern, or NULL."""
    shape, reader = "", ""
    for kind, part in date_pattern_parts(pattern):
        if kind == "letters":
            shape += PARSES[part][0]
            reader += PARSES[part][1]
        else:
            shape += "".join(f"[{c}]" if c not in "^\\]" else f"\\{c}" for c in part)
            reader += part.replace("%", "%%")
    return template(
        "CASE WHEN regexp_full_match(:v, :shape) THEN :parsed END",
        v=value,
        shape=text(shape),
        parsed=fn("try_strptime", value, text(reader)),
    )


def _to_timestamp(c: Lowered) -> exp.Expression:
    pattern = c.constant(1) if len(c.args) == 2 else None
    if pattern is None or pattern == _DEFAULT_PATTERN:
        return parse_timestamp(c.args[0], _STAMP_3)
    return instants.truncate(_strptime(c.args[0], str(pattern)), 3)


def _to_date(c: Lowered) -> exp.Expression:
    pattern = c.constant(1) if len(c.args) == 2 else None
    if pattern is None or pattern == "yyyy-MM-dd":
        return parse_date(c.args[0])
    return cast(_strptime(c.args[0], str(pattern)), "DATE")


def _to_timestamp_ltz(c: Lowered) -> exp.Expression:
    """From seconds (0) or milliseconds (3) of the epoch; outside the years 0 to 9999 NULL."""
    value = c.args[0]
    seconds = c.constant(1) == 0
    root = c.type_of(0).root
    if root is TypeRoot.BIGINT:
        millis = template(":v * 1000", v=value) if seconds else value
    elif root is TypeRoot.DECIMAL:
        cut = cast(fn("trunc", value), "BIGINT", safe=True)
        millis = template(":v * 1000", v=cut) if seconds else cut
    else:
        size = template(":v * 1000", v=value) if seconds else value
        millis = cast(fn("trunc", size), "BIGINT")
    least, most = _LEAST_MILLIS, _MOST_MILLIS
    if seconds:
        least, most = least // 1000, most // 1000
    return template(
        "CASE WHEN :v BETWEEN :least AND :most THEN make_timestamptz(:millis * 1000) END",
        v=value,
        least=number(least),
        most=number(most),
        millis=millis,
    )


def _from_unixtime(c: Lowered) -> exp.Expression:
    pattern = str(c.constant(1)) if len(c.args) == 2 else _DEFAULT_PATTERN
    instant = DataType(TypeRoot.TIMESTAMP_LTZ, precision=3)
    stamp = template("make_timestamptz(:v * 1000000)", v=c.args[0])
    return _strftime(instants.to_local(stamp, instant, c.time_zone), pattern)


def _unix_timestamp(c: Lowered) -> exp.Expression:
    """Seconds of the epoch: of now, or of a local timestamp in a text; Long.MIN if it has none."""
    if not c.args:
        return template("epoch_ms(now()) // 1000")
    pattern = str(c.constant(1)) if len(c.args) == 2 else _DEFAULT_PATTERN
    local = (
        parse_timestamp(c.args[0], DataType(TypeRoot.TIMESTAMP, precision=0))
        if pattern == _DEFAULT_PATTERN
        else _strptime(c.args[0], pattern)
    )
    instant = instants.from_local(local, _STAMP_3, c.time_zone)
    return template(
        "CASE WHEN :v IS NOT NULL THEN COALESCE(epoch_ms(:instant) // 1000, :least) END",
        v=c.args[0],
        instant=instant,
        least=cast(text(str(-(2**63) // 1000)), "BIGINT"),
    )


# --- now -----------------------------------------------------------------------------------------


def _now(c: Lowered) -> exp.Expression:
    return template("make_timestamptz(epoch_ms(now()) * 1000)")


def _local_now(c: Lowered) -> exp.Expression:
    instant = DataType(TypeRoot.TIMESTAMP_LTZ, precision=3)
    return instants.to_local(_now(c), instant, c.time_zone)


def _today(c: Lowered) -> exp.Expression:
    return cast(_local_now(c), "DATE")


LOWERINGS: Mapping[str, Lowering] = {
    "CURRENT_TIMESTAMP": _now,
    "NOW": _now,
    "CURRENT_ROW_TIMESTAMP": _now,
    "PROCTIME": _now,
    "LOCALTIMESTAMP": _local_now,
    "CURRENT_DATE": _today,
    "EXTRACT": _extract,
    "YEAR": _part_of("YEAR"),
    "QUARTER": _part_of("QUARTER"),
    "MONTH": _part_of("MONTH"),
    "WEEK": _part_of("WEEK"),
    "DAYOFYEAR": _part_of("DOY"),
    "DAYOFMONTH": _part_of("DAY"),
    "DAYOFWEEK": _part_of("DOW"),
    "HOUR": _part_of("HOUR"),
    "MINUTE": _part_of("MINUTE"),
    "SECOND": _part_of("SECOND"),
    "FLOOR": _floor,
    "CEIL": _ceil,
    "TIMESTAMPDIFF": _timestampdiff,
    "TIMESTAMPADD": _timestampadd,
    "DATE_FORMAT": _date_format,
    "TO_TIMESTAMP": _to_timestamp,
    "TO_DATE": _to_date,
    "TO_TIMESTAMP_LTZ": _to_timestamp_ltz,
    "FROM_UNIXTIME": _from_unixtime,
    "UNIX_TIMESTAMP": _unix_timestamp,
}
