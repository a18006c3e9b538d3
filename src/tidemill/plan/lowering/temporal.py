"""Temporal functions. Instants are seen in the local time zone, as Flink does."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from tidemill.model import DataType, TypeRoot
from tidemill.plan.lowering import instants, integers
from tidemill.plan.lowering.build import cast, duckdb_type, fn, number, template, text
from tidemill.plan.lowering.core import UTC, Lowered, Lowering
from tidemill.plan.lowering.math import whole

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
_FINE_PART = {"MICROSECOND": ":n % 1000000", "NANOSECOND": ":n % 1000000000"}
_INTERVAL_PART = {
    "YEAR": "date_part('year', :i)",
    "MONTH": "date_part('month', :i)",
    "DAY": "CAST(trunc(epoch(:i)) AS BIGINT) // 86400",
    "HOUR": "CAST(trunc(epoch(:i)) AS BIGINT) % 86400 // 3600",
    "MINUTE": "CAST(trunc(epoch(:i)) AS BIGINT) % 3600 // 60",
    "SECOND": "CAST(trunc(epoch(:i)) AS BIGINT) % 60",
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
    "MILLISECOND": 1_000,
}


def _local(c: Lowered, index: int) -> exp.Expression:
    """An argument as the local timestamp (or date, or time) that a clock on the wall shows."""
    return instants.to_local(c.args[index], c.type_of(index), c.time_zone)


def _part(value: exp.Expression, unit: str, type_: DataType) -> exp.Expression:
    """A part of a local date, time or timestamp; before 1970 with the signs of Java's division."""
    if type_.is_interval:
        return cast(template(_INTERVAL_PART[unit], i=value), "BIGINT")
    if unit in ("MICROSECOND", "NANOSECOND"):
        name = "epoch_us" if unit == "MICROSECOND" else "epoch_ns"
        return template(_FINE_PART[unit], n=fn(name, value))
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
    return _shifted_back(c, _floored(value, unit))


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
    return _shifted_back(
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


def _shifted_back(c: Lowered, local: exp.Expression) -> exp.Expression:
    """As `_back`, but an instant keeps the offset that it had before, as Flink has it."""
    if c.type.root is not TypeRoot.TIMESTAMP_LTZ or c.time_zone == UTC or instants.is_nanos(c.type):
        return _back(c, local)
    place = next(i for i in range(len(c.args)) if c.type_of(i).root is TypeRoot.TIMESTAMP_LTZ)
    return template(
        "make_timestamptz(epoch_us(CAST(:local AS TIMESTAMP)) - (epoch_us(:was) - epoch_us(:v)))",
        local=local,
        was=_local(c, place),
        v=c.args[place],
    )


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
    return _shifted_back(c, template(":p + :step", p=point, step=step))


def _overlaps(c: Lowered) -> exp.Expression:
    """Whether two spans share a moment; of the two ends of a span the earlier is its start."""
    one, other = _span(c, 0), _span(c, 2)
    return template(
        "greatest(:a, :b) >= least(:c, :d) AND greatest(:c, :d) >= least(:a, :b)",
        a=one[0],
        b=one[1],
        c=other[0],
        d=other[1],
    )


def _span(c: Lowered, index: int) -> tuple[exp.Expression, exp.Expression]:
    points: list[exp.Expression] = []
    for i in (index, index + 1):
        value, type_ = c.args[i], c.type_of(i)
        if type_.is_interval:
            value = template(":start + :size", start=points[0], size=value)
        elif type_.root is TypeRoot.TIME:
            value = template("DATE '1970-01-01' + :v", v=value)
        points.append(cast(value, "TIMESTAMP") if not instants.is_nanos(type_) else value)
    return points[0], points[1]


# --- now -----------------------------------------------------------------------------------------


def _now(c: Lowered) -> exp.Expression:
    return template("make_timestamptz(epoch_ms(now()) * 1000)")


def _local_now(c: Lowered) -> exp.Expression:
    instant = DataType(TypeRoot.TIMESTAMP_LTZ, precision=3)
    return instants.to_local(_now(c), instant, c.time_zone)


def _time_now(c: Lowered) -> exp.Expression:
    return instants.time_of_day(_local_now(c), 0)


def _today(c: Lowered) -> exp.Expression:
    return cast(_local_now(c), "DATE")


LOWERINGS: Mapping[str, Lowering] = {
    "CURRENT_TIMESTAMP": _now,
    "NOW": _now,
    "CURRENT_ROW_TIMESTAMP": _now,
    "PROCTIME": _now,
    "LOCALTIMESTAMP": _local_now,
    "CURRENT_DATE": _today,
    "CURRENT_TIME": _time_now,
    "LOCALTIME": _time_now,
    "OVERLAPS": _overlaps,
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
}
