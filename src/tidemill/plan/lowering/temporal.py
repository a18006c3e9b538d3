"""Temporal functions. Instants are seen in the local time zone, as Flink does."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from tidemill.model import DataType, TypeRoot
from tidemill.plan.lowering import instants, integers
from tidemill.plan.lowering.build import cast, duckdb_type, fn, number, template, text
from tidemill.plan.lowering.casts import required
from tidemill.plan.lowering.core import Lowered, Lowering
from tidemill.plan.lowering.from_text import parse_date, parse_timestamp
from tidemill.plan.lowering.math import whole
from tidemill.sql.functions.patterns import FORMATS, PARSES, date_pattern_parts, pattern_is_padded

_STAMP_3 = DataType(TypeRoot.TIMESTAMP, precision=3)
_DEFAULT_PATTERN = "yyyy-MM-dd HH:mm:ss"
_LEAST_MILLIS, _MOST_MILLIS = -62167219200000, 253402300799999
_DAY_PART = {
    "DOW": "date_part('dow', :d) + 1",
    "ISODOW": "date_part('isodow', :d)",
    "DOY": "date_part('doy', :d)",
    "WEEK": "date_part('week', :d)",
    "ISOYEAR": "date_part('isoyear', :d)",
    "DECADE": "date_part('year', :d) // 10",
    "CENTURY": "(date_part('year', :d) + 99) // 100",
    "MILLENNIUM": "(date_part('year', :d) + 999) // 1000",
    "YEAR": "date_part('year', :d)",
    "QUARTER": "date_part('quarter', :d)",
    "MONTH": "date_part('month', :d)",
    "DAY": "date_part('day', :d)",
}
_CLOCK_PART = {
    "HOUR": ":ms % 86400000 // 3600000",
    "MINUTE": ":ms % 3600000 // 60000",
    "SECOND": ":ms % 60000 // 1000",
    "MILLISECOND": ":ms % 1000",
    "EPOCH": ":ms // 1000",
}
_MONTHS = {"YEAR": 12, "QUARTER": 3, "MONTH": 1}
_MONTHS_OF = {"DECADE": 120, "CENTURY": 1200, "MILLENNIUM": 12000, **_MONTHS}
_CLOCK_UNITS = ("DAY", "HOUR", "MINUTE", "SECOND")
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


def _part(value: exp.Expression, unit: str, type_: DataType) -> exp.Expression:
    """A part of a local date, time or timestamp; before 1970 with the signs of Java's division."""
    if unit in _DAY_PART:
        return cast(template(_DAY_PART[unit], d=instants.day(value, type_)), "BIGINT")
    if type_.root is TypeRoot.TIME:
        value = template("DATE '1970-01-01' + :v", v=value)
    elif type_.root is TypeRoot.DATE:
        value = cast(value, "TIMESTAMP")
    return template(_CLOCK_PART[unit], ms=_millis(value, type_))


def _millis(value: exp.Expression, type_: DataType) -> exp.Expression:
    """Milliseconds of the epoch, those of a finer timestamp cut toward the past."""
    return fn("epoch_ms", _to_millis(value, type_))


def _to_millis(value: exp.Expression, type_: DataType) -> exp.Expression:
    """Flink's functions of the clock see no more than milliseconds."""
    if instants.is_nanos(type_):
        # DuckDB rounds nanoseconds to the next microsecond where it cuts them.
        rest = template("((:ns % 1000000) + 1000000) % 1000000", ns=fn("epoch_ns", value))
        return template("make_timestamp((epoch_ns(:v) - :rest) // 1000)", v=value, rest=rest)
    if (type_.precision or 0) > 3 and type_.is_timestamp:
        return fn("date_trunc", text("millisecond"), value)
    return value


def _extract(c: Lowered) -> exp.Expression:
    return _part(_local(c, 1), str(c.constant(0)), c.type_of(1))


def _part_of(unit: str) -> Lowering:
    return lambda c: _part(_local(c, 0), unit, c.type_of(0))


# --- FLOOR and CEIL ------------------------------------------------------------------------------


def _floor(c: Lowered) -> exp.Expression:
    if len(c.args) == 1:
        return whole("floor")(c)
    unit = str(c.constant(1))
    value = _to_millis(_local(c, 0), c.type_of(0))
    if unit not in _CLOCK_UNITS:
        value = instants.day(value, c.type_of(0))
    return _back(c, _floored(value, unit))


def _ceil(c: Lowered) -> exp.Expression:
    """A time that is a unit's start stays; for units above a day the whole first day counts."""
    if len(c.args) == 1:
        return whole("ceil")(c)
    unit = str(c.constant(1))
    value = _to_millis(_local(c, 0), c.type_of(0))
    if unit not in _CLOCK_UNITS:
        value = instants.day(value, c.type_of(0))
    months = _MONTHS_OF.get(unit)
    step = (
        fn("to_months", number(months))
        if months
        else fn("to_microseconds", cast(text(str(_MICROS[unit])), "BIGINT"))
    )
    return _back(
        c,
        template(
            "CASE WHEN :floor = :value THEN CAST(:floor AS TIMESTAMP) ELSE :floor + :step END",
            floor=_floored(value, unit),
            value=value,
            step=step,
        ),
    )


def _floored(value: exp.Expression, unit: str) -> exp.Expression:
    if unit == "WEEK":  # Flink's weeks begin on Sunday here
        return template(
            "CAST(:day AS TIMESTAMP) - to_days(CAST(date_part('dow', :day) AS INTEGER))", day=value
        )
    if unit in ("CENTURY", "MILLENNIUM"):  # they begin with the years 1, 101, 1001, ...
        years = 100 if unit == "CENTURY" else 1000
        return template(
            "make_date((date_part('year', :v) - 1) // :n * :n + 1, 1, 1)",
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
        months = _months_between(start, end)
        return cast(template(":m // :n", m=months, n=number(_MONTHS[unit])), "INTEGER")
    if all(c.type_of(i).root is TypeRoot.TIMESTAMP_LTZ for i in (1, 2)):
        # Time that has passed, whatever the clock was set to in between.
        start, end = (instants.to_local(c.args[i], c.type_of(i), "UTC") for i in (1, 2))
    millis = template(
        "epoch_ms(CAST(:b AS TIMESTAMP)) - epoch_ms(CAST(:a AS TIMESTAMP))", a=start, b=end
    )
    if unit not in ("SECOND", "WEEK"):
        return cast(template(":d // :n", d=millis, n=number(_MICROS[unit] // 1000)), "INTEGER")
    # Flink counts these in an INT of seconds, which wraps around after 68 years.
    seconds = template(":d // 1000", d=millis)
    wrapped = integers.wrap(cast(seconds, "HUGEINT"), TypeRoot.INTEGER, "HUGEINT")
    weeks = template(":s // 604800", s=wrapped) if unit == "WEEK" else wrapped
    return cast(weeks, "INTEGER")


def _months_between(start: exp.Expression, end: exp.Expression) -> exp.Expression:
    """Whole months between the days, one less where the end's day is met but not its time."""
    first, last = cast(start, "DATE"), cast(end, "DATE")
    months = template(
        "CASE WHEN :b >= :a THEN date_sub('month', :a, :b) ELSE -date_sub('month', :b, :a) END",
        a=first,
        b=last,
    )
    return template(
        ":m - CASE WHEN CAST(:a + to_months(CAST(:m AS INTEGER)) AS DATE) = :b "
        "AND CAST(:end AS TIME) < CAST(:start AS TIME) THEN 1 ELSE 0 END",
        m=months,
        a=first,
        b=last,
        end=end,
        start=start,
    )


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
    if c.type.root is TypeRoot.TIMESTAMP and (c.type.precision or 0) > 6:
        return instants.moved_nanos(point, "+", step)
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
    """The timestamp in a text of exactly this pattern, or NULL.

    What the pattern lacks is that of 1970-01-01. A day beyond its month's end is the month's last.
    """
    before, day, after, reader = "", "", "", ""
    for kind, part in date_pattern_parts(pattern):
        shape = PARSES[part][0] if kind == "letters" else _literally(part)
        reader += PARSES[part][1] if kind == "letters" else part.replace("%", "%%")
        if kind == "letters" and part in ("d", "dd"):
            day = shape
        elif day:
            after += shape
        else:
            before += shape
    prefix = "" if "%Y" in reader else "1970 "
    reader = reader if "%Y" in reader else f"%Y {reader}"
    first_of_month = fn(
        "regexp_replace", value, text(f"^({before}){day}({after})$"), text(r"\101\2")
    )
    parsed = _read(value, prefix, reader)
    start = _read(first_of_month, prefix, reader)
    number_of_day = fn(
        "regexp_extract", value, text(f"^{before}({day}){after}$"), exp.Literal.number("1")
    )
    last = template("last_day(CAST(:s AS DATE)) - CAST(:s AS DATE)", s=start)
    clamped = template(
        "CASE WHEN TRY_CAST(:n AS INTEGER) BETWEEN 29 AND 31 "
        "THEN :start + to_days(CAST(:last AS INTEGER)) END",
        n=number_of_day,
        start=start,
        last=last,
    )
    return template(
        "CASE WHEN regexp_full_match(:v, :shape) THEN :parsed END",
        v=value,
        shape=text(before + day + after),
        parsed=fn("coalesce", parsed, clamped) if day else parsed,
    )


def _literally(text_: str) -> str:
    return "".join(f"[{c}]" if c not in "^\\]" else f"\\{c}" for c in text_)


def _read(value: exp.Expression, prefix: str, reader: str) -> exp.Expression:
    if prefix:
        value = template(":prefix || :v", prefix=text(prefix), v=value)
    return fn("try_strptime", value, text(reader))


def _to_timestamp(c: Lowered) -> exp.Expression:
    """With a pattern: texts that do not fit it may still be `2020-1-2` or `2020-1-2 3:4:5`."""
    pattern = c.constant(1) if len(c.args) == 2 else None
    plain = parse_timestamp(c.args[0], _STAMP_3)
    if pattern is None or pattern == _DEFAULT_PATTERN:
        return plain
    return fn("coalesce", instants.truncate(_strptime(c.args[0], str(pattern)), 3), plain)


def _to_date(c: Lowered) -> exp.Expression:
    """With a pattern, a text that does not fit it fails the row: Flink gives a senseless date."""
    value = c.args[0]
    if len(c.args) == 1:
        return parse_date(value)
    pattern = str(c.constant(1))
    parsed = cast(_strptime(value, pattern), "DATE")
    # A day beyond its month's end rolls over into the next month in Flink.
    return required(_strict_day(value, pattern, parsed), value, c.type)


def _strict_day(value: exp.Expression, pattern: str, parsed: exp.Expression) -> exp.Expression:
    """`parsed`, or NULL where its day is not the one in the text."""
    written = _strftime(cast(parsed, "TIMESTAMP"), pattern)
    if pattern_is_padded(pattern):
        return template("CASE WHEN :w = :v THEN :p END", w=written, v=value, p=parsed)
    return parsed


def _to_timestamp_ltz(c: Lowered) -> exp.Expression:
    """From units of 10^-precision seconds of the epoch; outside the years 0 to 9999 NULL."""
    value = c.args[0]
    if c.type_of(0).is_string:
        local = _to_timestamp(c)
        return instants.from_local(local, _STAMP_3, c.time_zone)
    precision = c.constant(1)
    assert isinstance(precision, int)
    root = c.type_of(0).root
    scale = 10 ** max(0, precision - 3)
    least = number(_LEAST_MILLIS // 1000 if precision == 0 else _LEAST_MILLIS * scale)
    most = number(_MOST_MILLIS // 1000 if precision == 0 else _MOST_MILLIS * scale)
    units = value
    if root is TypeRoot.DECIMAL:
        units = cast(fn("trunc", value), "BIGINT", safe=True)
    elif root is not TypeRoot.BIGINT:
        lifted = template(":v * 1000", v=value) if precision == 0 else value
        units = cast(fn("floor", lifted), "BIGINT")
        precision = 3
    if precision > 6:
        made = fn("make_timestamp_ns", units)
        made = instants.from_local(made, c.type, "UTC")
    else:
        micros = template(":u * :k", u=units, k=number(10 ** (6 - precision)))
        made = fn("make_timestamptz", micros)
    return template(
        "CASE WHEN :v BETWEEN :least AND :most THEN :made END",
        v=value,
        least=least,
        most=most,
        made=made,
    )


def _from_unixtime(c: Lowered) -> exp.Expression:
    pattern = str(c.constant(1)) if len(c.args) == 2 else _DEFAULT_PATTERN
    instant = DataType(TypeRoot.TIMESTAMP_LTZ, precision=3)
    stamp = template("make_timestamptz(:v * 1000000)", v=c.args[0])
    return _strftime(instants.to_local(stamp, instant, c.time_zone), pattern)


def _unix_timestamp(c: Lowered) -> exp.Expression:
    """Seconds of the epoch: of now, or of a local timestamp in a text.

    A text that cannot be a timestamp gives the least BIGINT, as in Flink. One that begins as a
    number but does not fit fails the row, as Flink would read something else into it.
    """
    if not c.args:
        return template("epoch_ms(now()) // 1000")
    value = c.args[0]
    pattern = str(c.constant(1)) if len(c.args) == 2 else _DEFAULT_PATTERN
    instant = instants.from_local(_strptime(value, pattern), _STAMP_3, c.time_zone)
    seconds = template("epoch_ms(:i) // 1000", i=instant)
    if pattern_is_padded(pattern):
        same = _strftime(_strptime(value, pattern), pattern)
        seconds = template("CASE WHEN :same = :v THEN :s END", same=same, v=value, s=seconds)
    hopeless = template(
        "CASE WHEN NOT regexp_matches(:v, '^ *[-+0-9]') "
        "THEN CAST('-9223372036854775808' AS BIGINT) END",
        v=value,
    )
    return required(fn("coalesce", seconds, hopeless), value, c.type)


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
