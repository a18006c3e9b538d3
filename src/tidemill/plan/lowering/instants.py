"""Timestamps in DuckDB: local and instant, precisions, units.

Between TIMESTAMP and TIMESTAMP_LTZ the text goes through microseconds, not through the session's
time zone: ten times as fast in UTC and right whatever the session says.
"""

from __future__ import annotations

from sqlglot import exp

from tidemill.model import DataType, TypeRoot
from tidemill.plan.lowering.build import cast, duckdb_type, fn, number, template, text

_UTC = ("UTC", "Etc/UTC", "GMT", "Z")


def is_nanos(type_: DataType) -> bool:
    """Whether values are carried as nanoseconds."""
    return (type_.precision or 0) > 6


def to_local(value: exp.Expression, type_: DataType, time_zone: str) -> exp.Expression:
    """A TIMESTAMP_LTZ as TIMESTAMP of the same precision."""
    if type_.root is not TypeRoot.TIMESTAMP_LTZ:
        return value
    if is_nanos(type_):
        return fn("timezone", text(time_zone), value)
    if time_zone in _UTC:
        return fn("make_timestamp", fn("epoch_us", value))
    return fn("timezone", text(time_zone), value)


def from_local(value: exp.Expression, type_: DataType, time_zone: str) -> exp.Expression:
    """A TIMESTAMP as TIMESTAMP_LTZ of the same precision."""
    if is_nanos(type_) or time_zone not in _UTC:
        return fn("timezone", text(time_zone), value)
    return fn("make_timestamptz", fn("epoch_us", value))


def with_precision(value: exp.Expression, source: DataType, target: DataType) -> exp.Expression:
    """The same kind of timestamp or time with other fractional digits; surplus ones are cut."""
    old, new = source.precision or 0, target.precision or 0
    if target.root is TypeRoot.TIME:
        return time_of_day(value, new) if new < old else value
    if is_nanos(source) and not is_nanos(target):
        # A cast would round to microseconds.
        instant = target.root is TypeRoot.TIMESTAMP_LTZ
        make = "make_timestamptz" if instant else "make_timestamp"
        micros = template(
            "epoch_ns(:v) // 1000 - CASE WHEN epoch_ns(:v) % 1000 < 0 THEN 1 ELSE 0 END", v=value
        )
        value, old = fn(make, micros), 6
    if new < old:
        return truncate(value, new, nanos=is_nanos(target))
    if is_nanos(target) and not is_nanos(source):
        return cast(value, duckdb_type(target))
    return value


def truncate(value: exp.Expression, digits: int, *, nanos: bool = False) -> exp.Expression:
    """A timestamp cut to so many fractional digits of a second.

    Below milliseconds Java cuts toward the epoch, above toward the past.
    """
    if nanos:
        step = number(10 ** (9 - digits))
        return template(
            "make_timestamp_ns(epoch_ns(:v) - (epoch_ns(:v) % :s + :s) % :s)", v=value, s=step
        )
    if digits > 3:
        step = number(10 ** (6 - digits))
        surplus = template("to_microseconds((epoch_us(:v) % :s + :s) % :s)", v=value, s=step)
        return template(":v - :surplus", v=value, surplus=surplus) if digits < 6 else value
    millis = fn("date_trunc", text("millisecond"), value)
    if digits == 3:
        return millis
    step = number(10 ** (3 - digits))
    surplus = template("to_milliseconds(epoch_ms(:v) % :s)", v=millis, s=step)
    return template(":v - :surplus", v=millis, surplus=surplus)


def day(value: exp.Expression, type_: DataType) -> exp.Expression:
    """The DATE of a local timestamp; before 1970 Java's division makes it the next day."""
    if type_.root is TypeRoot.DATE:
        return value
    return template("DATE '1970-01-01' + CAST(epoch_ms(:v) // 86400000 AS INTEGER)", v=value)


def time_of_day(value: exp.Expression, digits: int) -> exp.Expression:
    """The TIME of a timestamp or time; Flink keeps whole seconds for TIME(0)."""
    time = cast(value, "TIME")
    unit = "second" if digits == 0 else "millisecond"
    stamp = template("DATE '1970-01-01' + :time", time=time)
    return cast(fn("date_trunc", text(unit), stamp), "TIME")


def moved_nanos(at: exp.Expression, operator: str, by: exp.Expression) -> exp.Expression:
    """A TIMESTAMP_NS moved by an interval; DuckDB alone drops what is below microseconds."""
    nanos = fn("epoch_ns", at)
    rest = template("((:ns % 1000) + 1000) % 1000", ns=nanos)
    micros = template("make_timestamp((:ns - :rest) // 1000)", ns=nanos, rest=rest)
    moved = template(f"CAST(:at {operator} :by AS TIMESTAMP)", at=micros, by=by)
    return template("make_timestamp_ns(epoch_us(:moved) * 1000 + :rest)", moved=moved, rest=rest)
