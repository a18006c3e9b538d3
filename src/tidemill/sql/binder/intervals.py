"""The values of interval literals."""

from __future__ import annotations

import re

from tidemill.errors import SqlError
from tidemill.model import TypeRoot
from tidemill.sql.expressions import Interval
from tidemill.sql.syntax.nodes import IntervalLiteral
from tidemill.sql.text import SourceText

_MONTHS = {"YEAR": 12, "QUARTER": 3, "MONTH": 1}
_MICROSECONDS = {
    "WEEK": 604_800_000_000,
    "DAY": 86_400_000_000,
    "HOUR": 3_600_000_000,
    "MINUTE": 60_000_000,
    "SECOND": 1_000_000,
}
_ORDER = ("DAY", "HOUR", "MINUTE", "SECOND")
_LIMITS = {"MONTH": 12, "HOUR": 24, "MINUTE": 60, "SECOND": 60}
_SEPARATORS = {"HOUR": " ", "MINUTE": ":", "SECOND": ":"}
_DEFAULT_PRECISION = 2


def interval_value(source: SourceText, node: IntervalLiteral) -> tuple[Interval, TypeRoot]:
    """The value of an interval literal and its kind; SqlError where text and unit do not fit."""
    text = node.value.strip()
    negative = node.negative
    if text[:1] in ("-", "+"):
        negative ^= text[0] == "-"
        text = text[1:]
    sign = -1 if negative else 1
    if node.to_unit is not None:
        return _compound(source, node, text, sign)
    fraction = r"(?:\.(\d{1,6}))?" if node.unit == "SECOND" else "()"
    match = re.fullmatch(r"(\d+)" + fraction, text, re.ASCII)
    if match is None:
        raise _wrong(source, node, f"INTERVAL '5' {node.unit}")
    _check_precision(source, node, match.group(1))
    amount = sign * int(match.group(1))
    if node.unit in _MONTHS:
        return Interval(months=amount * _MONTHS[node.unit]), TypeRoot.INTERVAL_YEAR_MONTH
    micros = amount * _MICROSECONDS[node.unit] + sign * int((match.group(2) or "").ljust(6, "0"))
    return Interval(microseconds=micros), TypeRoot.INTERVAL_DAY_TIME


def _compound(
    source: SourceText, node: IntervalLiteral, text: str, sign: int
) -> tuple[Interval, TypeRoot]:
    if (node.unit, node.to_unit) == ("YEAR", "MONTH"):
        match = re.fullmatch(r"(\d+)-(\d+)", text, re.ASCII)
        if match is None or int(match.group(2)) >= _LIMITS["MONTH"]:
            raise _wrong(source, node, "INTERVAL '1-6' YEAR TO MONTH")
        _check_precision(source, node, match.group(1))
        months = sign * (int(match.group(1)) * 12 + int(match.group(2)))
        return Interval(months=months), TypeRoot.INTERVAL_YEAR_MONTH
    if node.unit not in _ORDER or node.to_unit not in _ORDER:
        raise _wrong(source, node, "INTERVAL '1 12:30:00' DAY TO SECOND")
    units = _ORDER[_ORDER.index(node.unit) : _ORDER.index(node.to_unit) + 1]
    if len(units) < 2:
        raise _wrong(source, node, "INTERVAL '1 12:30:00' DAY TO SECOND")
    pattern = r"(\d+)" + "".join(_SEPARATORS[unit] + r"(\d{1,2})" for unit in units[1:])
    pattern += r"(?:\.(\d{1,6}))?" if units[-1] == "SECOND" else "()"
    match = re.fullmatch(pattern, text, re.ASCII)
    if match is None:
        raise _wrong(source, node, _example(units))
    parts = [int(part) for part in match.groups()[:-1]]
    if any(part >= _LIMITS[unit] for unit, part in zip(units[1:], parts[1:], strict=True)):
        raise _wrong(source, node, _example(units))
    _check_precision(source, node, match.group(1))
    micros = sum(p * _MICROSECONDS[u] for u, p in zip(units, parts, strict=True))
    micros += int((match.groups()[-1] or "").ljust(6, "0"))
    return Interval(microseconds=sign * micros), TypeRoot.INTERVAL_DAY_TIME


def _check_precision(source: SourceText, node: IntervalLiteral, digits: str) -> None:
    """Flink takes two digits for the first unit unless the text asks for more."""
    allowed = node.precision if node.precision is not None else _DEFAULT_PRECISION
    length = len(str(int(digits)))
    if length > allowed:
        raise source.error(
            "bad-literal",
            f"the interval's value {digits} has more than {allowed} digits",
            node.span,
            hint=f"Write INTERVAL '{digits}' {node.unit}({length}).",
        )


def _example(units: tuple[str, ...]) -> str:
    text = "1" + "".join(f"{_SEPARATORS[unit]}30" for unit in units[1:])
    return f"INTERVAL '{text}' {units[0]} TO {units[-1]}"


def _wrong(source: SourceText, node: IntervalLiteral, example: str) -> SqlError:
    unit = node.unit if node.to_unit is None else f"{node.unit} TO {node.to_unit}"
    return source.error(
        "bad-literal",
        f"'{node.value}' is no interval of {unit}",
        node.span,
        hint=f"Write it as {example}.",
    )
