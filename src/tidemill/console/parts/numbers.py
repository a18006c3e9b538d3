"""Numbers for people: counts, bytes, lengths of time, moments."""

from __future__ import annotations

import datetime as dt

_UNITS = ("B", "kB", "MB", "GB", "TB")
NONE = "–"


def count(value: float | None) -> str:
    """A count with separators."""
    return NONE if value is None else f"{value:,.0f}"


def rate(value: float | None) -> str:
    """Rows per second."""
    if value is None:
        return NONE
    return f"{value:,.0f}/s" if value >= 10 or value == 0 else f"{value:.1f}/s"


def size(value: float | None) -> str:
    """Bytes."""
    if value is None:
        return NONE
    left = float(value)
    for unit in _UNITS[:-1]:
        if abs(left) < 1000:
            return f"{left:,.0f} {unit}" if unit == "B" or left >= 100 else f"{left:.1f} {unit}"
        left /= 1000
    return f"{left:,.1f} {_UNITS[-1]}"


def length(seconds: float | None) -> str:
    """A length of time."""
    if seconds is None:
        return NONE
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    if seconds < 48 * 3600:
        return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:.0f} min"
    return f"{seconds / 86400:.0f} days"


def moment(epoch_ms: float | None) -> str:
    """A moment in UTC, to the millisecond."""
    if epoch_ms is None:
        return NONE
    try:
        at = dt.datetime.fromtimestamp(epoch_ms / 1000, tz=dt.UTC)
    except (OverflowError, ValueError, OSError):
        return str(epoch_ms)
    return at.strftime("%Y-%m-%d %H:%M:%S.") + f"{at.microsecond // 1000:03d}"


def retention(ms: str | None) -> str:
    """How long a topic keeps messages."""
    if ms is None:
        return NONE
    return "for ever" if ms == "-1" else length(int(ms) / 1000)
