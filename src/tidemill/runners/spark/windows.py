"""TUMBLE, HOP and SESSION windows with Spark's `window` and `session_window`."""

from __future__ import annotations

from sqlglot import exp

from tidemill.model import DataType, TypeRoot
from tidemill.runners.spark.lowering.build import binary, cast, fn, text
from tidemill.runners.spark.lowering.casts import is_utc
from tidemill.runners.spark.refusals import Refuser
from tidemill.runners.spark.types import spark_type
from tidemill.sql.logical import Fields, WindowKind, WindowProperty, WindowSpec

_UNITS = (("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", 1000))


def duration(milliseconds: int) -> str:
    """A length of time as Spark reads it, in the largest unit that divides it."""
    for unit, size_ms in _UNITS:
        if milliseconds % size_ms == 0 and milliseconds:
            amount = milliseconds // size_ms
            return f"{amount} {unit}{'' if amount == 1 else 's'}"
    return f"{milliseconds} milliseconds"  # also 0


def windowed(
    spec: WindowSpec,
    time: exp.Expression,
    fields: Fields,
    time_zone: str,
    refuse: Refuser,
    *,
    stream: bool = False,
) -> exp.Expression:
    """The call that gives a row's window; raises UserError for windows that Spark has not.

    Windows lie on the local clock: a TIMESTAMP_LTZ is read as one, which is exact in UTC. In a
    stream the column stays as it is, since Spark's watermark belongs to it.
    """
    if spec.on_clock:
        refuse.it("a window over processing time", hint="Use an event time with a watermark.")
    if spec.kind is WindowKind.CUMULATE:
        refuse.it("CUMULATE")
    kind = fields[spec.time_column].type
    if kind.root is TypeRoot.TIMESTAMP_LTZ:
        if not is_utc(time_zone):
            refuse.it(f"a window over TIMESTAMP_LTZ in the time zone {time_zone}")
        time = time if stream else cast(time, "TIMESTAMP_NTZ")
    if spec.kind is WindowKind.SESSION:
        return fn("session_window", time, text(duration(spec.size_ms)))
    slide_ms = spec.slide_ms or spec.size_ms
    arguments = [time, text(duration(spec.size_ms))]
    offset_ms = spec.offset_ms % slide_ms
    if spec.slide_ms is not None or offset_ms:
        arguments.append(text(duration(slide_ms)))
    if offset_ms:
        arguments.append(text(duration(offset_ms)))
    return fn("window", *arguments)


def window_columns(
    of: exp.Expression, rowtime: DataType, *, stream: bool = False
) -> dict[WindowProperty, exp.Expression]:
    """The columns of a window that `of` refers to; its rowtime is a millisecond before its end."""

    def part(name: str) -> exp.Expression:
        made = exp.Dot(this=of.copy(), expression=exp.to_identifier(name))
        return cast(made, "TIMESTAMP_NTZ") if stream else made

    last = exp.Interval(this=text("0.001"), unit=exp.var("SECOND"))
    time: exp.Expression = binary(exp.Sub, part("end"), last)
    if rowtime.root is TypeRoot.TIMESTAMP_LTZ:
        time = cast(time, spark_type(rowtime) or "")
    return {
        WindowProperty.START: part("start"),
        WindowProperty.END: part("end"),
        WindowProperty.TIME: time,
    }
