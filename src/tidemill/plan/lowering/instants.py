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
    if new < old:
        value = truncate(value, new)
    if is_nanos(source) != is_nanos(target):
        return cast(value, duckdb_type(target))
    return value


def truncate(value: exp.Expression, digits: int) -> exp.Expression:
    """A timestamp cut to so many fractional digits of a second."""
    if digits == 0:
        return fn("date_trunc", text("second"), value)
    if digits == 3:
        return fn("date_trunc", text("millisecond"), value)
    if digits == 6:
        return fn("date_trunc", text("microsecond"), value)
    surplus = template(
        "to_microseconds(epoch_us(:v) % :step)", v=value, step=number(10 ** max(0, 6 - digits))
    )
    return template(":v - :surplus", v=value, surplus=surplus)


def time_of_day(value: exp.Expression, digits: int) -> exp.Expression:
    """The TIME of a timestamp or time; Flink keeps whole seconds for TIME(0)."""
    time = cast(value, "TIME")
    unit = "second" if digits == 0 else "millisecond"
    stamp = template("DATE '1970-01-01' + :time", time=time)
    return cast(fn("date_trunc", text(unit), stamp), "TIME")
