"""Windows on TIMESTAMP_LTZ lie on the clock of `table.local-time-zone`; their SQL.

As in Flink, the clock's reading is what windows are made of: where it is set back an hour comes
twice and both fall into the same windows; where it is set forward a window may stay empty.
"""

from __future__ import annotations

from sqlglot import exp

from tidemill.model import DataType, TypeRoot
from tidemill.plan.lowering.build import fn, template, text
from tidemill.plan.windows import micros, timestamp_of

_UTC = ("UTC", "Etc/UTC", "GMT", "Z")


def window_zone(rowtime: DataType, zone: str) -> str | None:
    """The zone on whose clock a window lies; None where it is UTC or the time is local already."""
    return zone if rowtime.root is TypeRoot.TIMESTAMP_LTZ and zone not in _UTC else None


def clock_micros(timestamp: exp.Expression, zone: str | None) -> exp.Expression:
    """What the clock shows at a timestamp, as microseconds."""
    return micros(timestamp if zone is None else fn("TIMEZONE", text(zone), timestamp))


def instant_of(clock_us: exp.Expression, zone: str) -> exp.Expression:
    """The instant at which the clock shows this; the first one where there are two, as in Java.

    A time that the clock skips is taken on as if it had not been set forward.
    """
    shown = fn("MAKE_TIMESTAMP", clock_us)
    last = template("timezone(:zone, :shown)", zone=text(zone), shown=shown)
    return template(
        "CASE WHEN timezone(:zone, :last - INTERVAL 1 HOUR) = :shown "
        "THEN :last - INTERVAL 1 HOUR ELSE :last END",
        zone=text(zone), last=last, shown=shown,
    )  # fmt: skip


def rowtime_of(clock_us: exp.Expression, rowtime: DataType, zone: str | None) -> exp.Expression:
    """The value of a window's rowtime, of the same type as the time that the window is over."""
    if zone is not None:
        return instant_of(clock_us, zone)
    return timestamp_of(clock_us, rowtime.root is TypeRoot.TIMESTAMP_LTZ)
