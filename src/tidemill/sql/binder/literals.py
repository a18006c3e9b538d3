"""Literals with the types that Flink gives them."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from tidemill.model import DataType, TypeRoot
from tidemill.model.types import BOOLEAN, NULL, decimal, simple, timestamp
from tidemill.sql.binder.intervals import interval_value
from tidemill.sql.expressions import Cast, Literal
from tidemill.sql.syntax.nodes import (
    BytesLiteral,
    IntervalLiteral,
    NumberLiteral,
    StringLiteral,
    TimeLiteral,
    WordLiteral,
)
from tidemill.sql.text import SourceText

_INT_MAX = 2**31 - 1
_BIGINT_MAX = 2**63 - 1
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_TIME = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d+))?")


def bind_number(source: SourceText, node: NumberLiteral) -> Literal:
    """INT, BIGINT or DECIMAL of the written digits; with an exponent DOUBLE."""
    text = node.text
    if "e" in text.lower():
        try:
            return Literal(float(text), simple(TypeRoot.DOUBLE, False), node.span)
        except ValueError:
            raise source.error("bad-literal", f"`{text}` is no number", node.span) from None
    if re.fullmatch(r"\d*\.?\d*", text, re.ASCII) is None:
        raise source.error("bad-literal", f"`{text}` is no number", node.span)
    if "." in text and not text.endswith("."):
        scale = len(text) - text.index(".") - 1
        return _decimal(source, node, max(len(text) - 1, 1), scale)
    whole = int(text.rstrip("."))
    if whole > _BIGINT_MAX:
        raise source.error(
            "bad-literal",
            f"the number {text} is larger than a BIGINT",
            node.span,
            hint=f"Write CAST('{text}' AS DECIMAL(38, 0)).",
        )
    root = TypeRoot.INTEGER if whole <= _INT_MAX else TypeRoot.BIGINT
    return Literal(whole, simple(root, False), node.span)


def _decimal(source: SourceText, node: NumberLiteral, precision: int, scale: int) -> Literal:
    if precision > 38:
        raise source.error("bad-literal", "a decimal has at most 38 digits", node.span)
    return Literal(Decimal(node.text), decimal(precision, scale, False), node.span)


def bind_string(node: StringLiteral) -> Literal:
    """CHAR(n)."""
    type_ = DataType(TypeRoot.CHAR, nullable=False, length=len(node.value))
    return Literal(node.value, type_, node.span)


def bind_bytes(source: SourceText, node: BytesLiteral) -> Literal:
    """BINARY(n)."""
    try:
        value = bytes.fromhex(node.digits)
    except ValueError:
        raise source.error(
            "bad-literal",
            f"x'{node.digits}' is not written in pairs of hexadecimal digits",
            node.span,
        ) from None
    return Literal(value, DataType(TypeRoot.BINARY, nullable=False, length=len(value)), node.span)


def bind_word(node: WordLiteral) -> Literal:
    """TRUE, FALSE, UNKNOWN and NULL."""
    if node.word == "NULL":
        return Literal(None, NULL, node.span)
    if node.word == "UNKNOWN":
        return Literal(None, BOOLEAN, node.span)
    return Literal(node.word == "TRUE", simple(TypeRoot.BOOLEAN, False), node.span)


def bind_time(source: SourceText, node: TimeLiteral) -> Literal | Cast:
    """DATE '...', TIME '...' and TIMESTAMP '...', with as much precision as is written.

    A TIMESTAMP with nanoseconds is a cast of its text: Python's own values have none.
    """
    try:
        return _time_literal(node)
    except ValueError:
        shapes = {
            "DATE": "DATE '2026-01-31'",
            "TIME": "TIME '23:59:59'",
            "TIMESTAMP": "TIMESTAMP '2026-01-31 23:59:59.999'",
        }
        raise source.error(
            "bad-literal",
            f"'{node.value}' is no {node.kind}",
            node.span,
            hint=f"Write it as {shapes[node.kind]}.",
        ) from None


def _time_literal(node: TimeLiteral) -> Literal | Cast:
    text = node.value.strip()
    if node.kind == "DATE":
        return Literal(_date(text), simple(TypeRoot.DATE, False), node.span)
    if node.kind == "TIME":
        time, fraction = _time(text)
        type_ = DataType(TypeRoot.TIME, nullable=False, precision=min(len(fraction), 3))
        time = time.replace(microsecond=time.microsecond // 1000 * 1000)
        return Literal(time, type_, node.span)
    day, _, clock = text.partition(" ")
    time, fraction = _time(clock.strip() or "0:0:0")
    value = dt.datetime.combine(_date(day), time)
    type_ = timestamp(len(fraction), nullable=False)
    if not fraction[6:].strip("0"):
        return Literal(value, type_, node.span)
    written = f"{value.isoformat(sep=' ', timespec='seconds')}.{fraction}"
    char = DataType(TypeRoot.CHAR, nullable=False, length=len(written))
    return Cast(Literal(written, char, node.span), type_, False, node.span)


def _date(text: str) -> dt.date:
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return dt.date(*(int(part) for part in match.groups()))


def _time(text: str) -> tuple[dt.time, str]:
    """The time to the microsecond, and all digits of its fraction."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(text)
    hour, minute, second, fraction = match.groups()
    digits = fraction or ""
    if len(digits) > 9:
        raise ValueError(text)
    microseconds = int(digits[:6].ljust(6, "0"))
    return dt.time(int(hour), int(minute), int(second), microseconds), digits


def bind_interval(source: SourceText, node: IntervalLiteral) -> Literal:
    """INTERVAL '...' UNIT [TO UNIT]."""
    value, root = interval_value(source, node)
    return Literal(value, simple(root, False), node.span)
