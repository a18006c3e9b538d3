"""Dates as `java.text.SimpleDateFormat` reads and writes them, leniently, and `java.util.TimeZone`.

Lenient: the 30th of February is the 1st or 2nd of March, and what follows the pattern's text is not
looked at. A wall time that a zone has twice, or never, is taken at its standard time.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa

from tidemill.plan.lowering.arrow.base import ArrowFunction, ArrowTable, BadValueError, per_value
from tidemill.sql.functions.patterns import date_pattern_parts

_DEFAULT = "yyyy-MM-dd HH:mm:ss"
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - wall times have no zone
_NUMBER = re.compile(r"[ \t]*(-?\d+)", re.ASCII)
_UNITS_MS = {"d": 86_400_000, "H": 3_600_000, "m": 60_000, "s": 1000, "S": 1}
_OFFSETS = {
    "X": re.compile(r"(Z)|([+-])(\d\d)()"),
    "XX": re.compile(r"(Z)|([+-])(\d\d)(\d\d)"),
    "XXX": re.compile(r"(Z)|([+-])(\d\d):(\d\d)"),
    "Z": re.compile(r"()([+-])(\d\d)(\d\d)"),
}
_CUSTOM = re.compile(r"GMT([+-])(\d{1,2})(?::?(\d\d))?", re.ASCII)
_SHORT = {
    "ACT": "Australia/Darwin",
    "AET": "Australia/Sydney",
    "CST": "America/Chicago",
    "CTT": "Asia/Shanghai",
    "ECT": "Europe/Paris",
    "EST": "Etc/GMT+5",
    "HST": "Etc/GMT+10",
    "IST": "Asia/Kolkata",
    "JST": "Asia/Tokyo",
    "MST": "Etc/GMT+7",
    "PST": "America/Los_Angeles",
    "UTC": "UTC",
    "GMT": "UTC",
}
_FORMATS: dict[str, Callable[[dt.datetime], str]] = {
    "yyyy": lambda t: f"{t.year:04d}",
    "yy": lambda t: f"{t.year % 100:02d}",
    "MM": lambda t: f"{t.month:02d}",
    "M": lambda t: str(t.month),
    "dd": lambda t: f"{t.day:02d}",
    "d": lambda t: str(t.day),
    "HH": lambda t: f"{t.hour:02d}",
    "H": lambda t: str(t.hour),
    "hh": lambda t: f"{(t.hour + 11) % 12 + 1:02d}",
    "h": lambda t: str((t.hour + 11) % 12 + 1),
    "mm": lambda t: f"{t.minute:02d}",
    "m": lambda t: str(t.minute),
    "ss": lambda t: f"{t.second:02d}",
    "s": lambda t: str(t.second),
    "SSS": lambda t: f"{t.microsecond // 1000:03d}",
}


def _read(text: str, pattern: str) -> tuple[int, int | None] | None:
    """Wall milliseconds of the epoch, and the offset in seconds where the text has one."""
    fields: dict[str, int] = {"y": 1970, "M": 1, "d": 1}
    offset: int | None = None
    index = 0
    parts = date_pattern_parts(pattern)
    for place, (kind, part) in enumerate(parts):
        if kind == "text":
            if not text.startswith(part, index):
                return None
            index += len(part)
            continue
        if part in _OFFSETS:
            found = _OFFSETS[part].match(text, index)
            if found is None:
                return None
            offset, index = _seconds(found), found.end()
            continue
        close = place + 1 < len(parts) and parts[place + 1][0] == "letters"
        number = _number(text, index, len(part) if close else None)
        if number is None:
            return None
        fields["y" if part[0] == "u" else part[0]], index = number
    return _millis(fields), offset


def _number(text: str, index: int, digits: int | None) -> tuple[int, int] | None:
    """A number and where it ends; of so many digits where the next field follows at once."""
    if digits is not None:
        found = re.compile(rf"[ \t]*(\d{{{digits}}})", re.ASCII).match(text, index)
    else:
        found = _NUMBER.match(text, index)
    return None if found is None else (int(found[1]), found.end())


def _seconds(found: re.Match[str]) -> int:
    if found[1]:
        return 0
    size = int(found[3]) * 3600 + int(found[4] or 0) * 60
    return -size if found[2] == "-" else size


def _millis(fields: dict[str, int]) -> int:
    years, month = divmod(fields["M"] - 1, 12)
    year = fields["y"] + years
    if not 1 <= year <= 9999:
        raise BadValueError(f"the year {year} is not between 1 and 9999")
    first = dt.datetime(year, month + 1, 1)  # noqa: DTZ001
    millis = (first - _EPOCH).days * 86_400_000 + (fields["d"] - 1) * 86_400_000
    return millis + sum(fields.get(u, 0) * n for u, n in _UNITS_MS.items() if u != "d")


@lru_cache(maxsize=256)
def _zone(name: str) -> dt.tzinfo:
    """A zone by Java's names; GMT where there is none."""
    custom = _CUSTOM.fullmatch(name)
    if custom is not None:
        size = dt.timedelta(hours=int(custom[2]), minutes=int(custom[3] or 0))
        if int(custom[2]) > 23 or int(custom[3] or 0) > 59:
            return dt.UTC
        return dt.timezone(-size if custom[1] == "-" else size)
    try:
        return ZoneInfo(_SHORT.get(name, name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        if re.fullmatch("[A-Z]{3}", name):
            raise BadValueError(f"the time zone {name} has several meanings") from None
        return dt.UTC


def _instant(wall_ms: int, zone: dt.tzinfo) -> int:
    wall = _wall(wall_ms)
    offsets = (wall.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    least = min(offset for offset in offsets if offset is not None)
    return wall_ms - int(least.total_seconds()) * 1000


def _wall(millis: int) -> dt.datetime:
    try:
        return _EPOCH + dt.timedelta(milliseconds=millis)
    except OverflowError:
        raise BadValueError("a time is not between the years 1 and 9999") from None


def _unix_timestamp(text: str, pattern: str, zone: str) -> int:
    found = _read(text, pattern)
    if found is None:
        return -(2**63)
    millis, offset = found
    instant = _instant(millis, _zone(zone)) if offset is None else millis - offset * 1000
    return int(instant / 1000) if abs(instant) < 2**52 else instant // 1000


def _to_date(text: str, pattern: str) -> int | None:
    """Days of the epoch; NULL for a text that cannot be read."""
    found = _read(text, pattern)
    if found is None:
        return None
    millis, offset = found
    return (millis - (offset or 0) * 1000) // 86_400_000


def _convert_tz(text: str, of: str, to: str) -> str | None:
    found = _read(text, _DEFAULT)
    if found is None:
        return None
    instant = _wall(_instant(found[0], _zone(of))).replace(tzinfo=dt.UTC)
    return _written(instant.astimezone(_zone(to)), _DEFAULT)


def _reformat(text: str, pattern: str) -> str | None:
    found = _read(text, _DEFAULT)
    return None if found is None else _written(_wall(found[0]), pattern)


def _written(time: dt.datetime, pattern: str) -> str:
    return "".join(
        _FORMATS[part](time) if kind == "letters" else part
        for kind, part in date_pattern_parts(pattern)
    )


_TWO, _THREE = ("VARCHAR",) * 2, ("VARCHAR",) * 3

FUNCTIONS: ArrowTable = {
    "flink_unix_timestamp": ArrowFunction(_THREE, "BIGINT", per_value(_unix_timestamp, pa.int64())),
    "flink_to_date": ArrowFunction(_TWO, "INTEGER", per_value(_to_date, pa.int32())),
    "flink_convert_tz": ArrowFunction(_THREE, "VARCHAR", per_value(_convert_tz, pa.string())),
    "flink_reformat_date": ArrowFunction(_TWO, "VARCHAR", per_value(_reformat, pa.string())),
}
