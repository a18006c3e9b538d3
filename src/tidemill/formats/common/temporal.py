"""Dates and times as text, by the rules of the `java.time` formatters that Flink uses.

Values are Arrow's integers: days, milliseconds of the day, microseconds or nanoseconds since 1970.
Flink resolves `SQL` timestamps leniently (February 30 becomes the last day, 24:00:00 the next day)
and plain `ISO-8601` ones strictly; so do we.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from tidemill.records import dataclass

_DATE: Final = r"(?P<year>\d{4}|\+\d{5,9}|-\d{4,9})-(?P<month>\d\d)-(?P<day>\d\d)"
_TIME: Final = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:\.(?P<fraction>\d{0,9}))?"
_ISO_TIME: Final = (
    r"(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{0,9}))?)?"
)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class TimestampRule:
    """How timestamps are written: separator `T` (ISO-8601) or space (SQL), and a closing `Z`."""

    iso: bool
    utc: bool

    @property
    def strict(self) -> bool:
        """Whether impossible days and 24:00 are refused rather than resolved."""
        return self.iso and not self.utc


_RULES: Final = {
    TimestampRule(False, False): re.compile(f"{_DATE} {_TIME}", re.ASCII),
    TimestampRule(False, True): re.compile(f"{_DATE} {_TIME}Z", re.ASCII),
    TimestampRule(True, False): re.compile(f"{_DATE}[Tt]{_ISO_TIME}", re.ASCII),
    TimestampRule(True, True): re.compile(f"{_DATE}T{_ISO_TIME}Z", re.ASCII),
}
_ONLY_DATE: Final = re.compile(_DATE, re.ASCII)
_ONLY_TIME: Final = re.compile(_TIME, re.ASCII)
_ONLY_ISO_TIME: Final = re.compile(_ISO_TIME, re.ASCII)


def parse_date(text: str) -> int:
    """Days since 1970 of an ISO date; ValueError where it is none."""
    match = _ONLY_DATE.fullmatch(text)
    if match is None:
        raise ValueError("a date such as 2024-01-31")
    return _days(match, strict=True)


def parse_time(text: str, iso: bool = False) -> int:
    """Milliseconds of the day; digits beyond milliseconds are cut off."""
    match = (_ONLY_ISO_TIME if iso else _ONLY_TIME).fullmatch(text)
    if match is None:
        raise ValueError("a time such as 12:34:56")
    return _nanos(match, strict=iso) % 86_400_000_000_000 // 1_000_000


def parse_timestamp(text: str, rule: TimestampRule, unit: str) -> int:
    """The timestamp in `unit` (us or ns) since 1970; digits beyond the unit are cut off."""
    match = _RULES[rule].fullmatch(text)
    if match is None:
        example = "2024-01-31T12:34:56.789" if rule.iso else "2024-01-31 12:34:56.789"
        raise ValueError(f"a timestamp such as {example}{'Z' if rule.utc else ''}")
    nanos = _days(match, rule.strict) * 86_400_000_000_000 + _nanos(match, rule.strict)
    value = nanos // 1000 if unit == "us" else nanos
    if not -(2**63) <= value < 2**63:
        raise ValueError("a timestamp within the range that nanoseconds can carry")
    return value


def _days(match: re.Match[str], strict: bool) -> int:
    year, month, day = int(match["year"]), int(match["month"]), int(match["day"])
    if match["year"].startswith("-") and year == 0:
        raise ValueError("a year that is not -0000")
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        raise ValueError("a month from 01 to 12 and a day from 01 to 31")
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    last = _DAYS[month - 1] + leap
    if day > last:
        if strict:
            raise ValueError(f"a day up to {last}")
        day = last
    return civil_days(year, month, day)


def _nanos(match: re.Match[str], strict: bool) -> int:
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    nanos = int((match["fraction"] or "").ljust(9, "0"))
    midnight = not strict and hour == 24 and minute == second == nanos == 0
    if (hour > 23 and not midnight) or minute > 59 or second > 59:
        raise ValueError("a time of the day")
    return (hour * 3600 + minute * 60 + second) * 1_000_000_000 + nanos


def civil_days(year: int, month: int, day: int) -> int:
    """Days since 1970 in the proleptic Gregorian calendar, for any year."""
    cycles, year_of_cycle = divmod(year, 400)
    return date(year_of_cycle + 400, month, day).toordinal() + (cycles - 1) * 146_097 - _EPOCH_DAY


def date_text(days: int) -> str:
    """The ISO date; years beyond 9999 with a plus sign, as Java writes them."""
    cycles, rest = divmod(days + _EPOCH_DAY - 1, 146_097)
    inner = date.fromordinal(rest + 1)
    year = inner.year + cycles * 400
    prefix = "+" if year > 9999 else "-" if year < 0 else ""
    return f"{prefix}{abs(year):04d}-{inner.month:02d}-{inner.day:02d}"


def time_text(nanos: int) -> str:
    """HH:mm:ss with as many digits of the second as are not zero."""
    seconds, fraction = divmod(nanos, 1_000_000_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    digits = f".{fraction:09d}".rstrip("0") if fraction else ""
    return f"{hour:02d}:{minute:02d}:{second:02d}{digits}"


def timestamp_text(value: int, unit: str, rule: TimestampRule) -> str:
    """The timestamp as Flink writes it."""
    nanos = value * 1000 if unit == "us" else value
    days, rest = divmod(nanos, 86_400_000_000_000)
    separator = "T" if rule.iso else " "
    return f"{date_text(days)}{separator}{time_text(rest)}{'Z' if rule.utc else ''}"
