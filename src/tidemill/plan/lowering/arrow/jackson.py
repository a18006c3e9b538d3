"""JSON texts as the Jackson library reads and writes them in Flink's JSON functions.

Read: the first value counts, what follows an object, an array or a string is not looked at; of
equal keys the last one's value. Numbers with a fraction or exponent keep their digits. Written:
without blanks, keys in order.
"""

from __future__ import annotations

import json
import re
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from tidemill.plan.lowering.arrow.base import BadValueError

_BLANKS = " \t\n\r"
_DEPTH_MAX = 900
_DIGITS_MAX = 1000
_EXACT = Context(prec=_DIGITS_MAX)
_CONTROLS = {chr(code): f"\\u{code:04X}" for code in range(32)}
_ESCAPES = {
    **_CONTROLS,
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}
_ESCAPED = re.compile(r'["\\\x00-\x1f]')


class NotJsonError(Exception):
    """The text is no JSON."""


def _constant(name: str) -> Any:
    raise NotJsonError(name)


def _number(text: str) -> Decimal:
    if len(text) > _DIGITS_MAX:
        raise BadValueError("a JSON number is longer than 1000 characters")
    return big_decimal(text)


def _integer(text: str) -> int:
    if len(text) > _DIGITS_MAX:
        raise BadValueError("a JSON number is longer than 1000 characters")
    return int(text)


_DECODER = json.JSONDecoder(parse_float=_number, parse_int=_integer, parse_constant=_constant)


def big_decimal(text: str) -> Decimal:
    """The exact number; there is no negative zero."""
    try:
        value = _EXACT.create_decimal(text)
    except InvalidOperation:
        raise BadValueError(f"{text!r} is no number for JSON") from None
    return -value if value.is_zero() and value.is_signed() else value


def read(text: str) -> Any:
    """The value of a JSON text: dict, list, str, int, Decimal, bool or None.

    Raises:
        NotJsonError: where Jackson refuses the text.
    """
    start = len(text) - len(text.lstrip(_BLANKS))
    if text.count("[") + text.count("{") > _DEPTH_MAX:
        _check_depth(text)
    try:
        value, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        raise NotJsonError(text) from None
    if not isinstance(value, (dict, list, str)) and not _ends(text, end, value):
        raise NotJsonError(text)
    return value


def _ends(text: str, end: int, value: Any) -> bool:
    """Whether a number or word ends where it was read to."""
    after = text[end : end + 1]
    if after == "" or after in _BLANKS:
        return True
    if value is None or isinstance(value, bool):
        return not (after.isidentifier() or after.isdigit() or after == "$")
    return False


def _check_depth(text: str) -> None:
    depth, deepest = 0, 0
    for character in re.sub(r'"(?:[^"\\]|\\.)*"', "", text):
        depth += (character in "[{") - (character in "]}")
        deepest = max(deepest, depth)
    if deepest > _DEPTH_MAX:
        raise BadValueError(f"a JSON text is nested deeper than {_DEPTH_MAX}")


def write(value: Any) -> str:
    """The JSON text of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, dict):
        keys = sorted(value, key=_utf16)
        return "{" + ",".join(f"{quoted(k)}:{write(value[k])}" for k in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(write, value)) + "]"
    return str(value)


def quoted(text: str) -> str:
    """A string with its quotes."""
    return '"' + _ESCAPED.sub(lambda found: _ESCAPES[found[0]], text) + '"'


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-be", "surrogatepass")


def paired(text: str) -> str:
    """The text with halves of characters joined, or as `?` where their other half is missing."""
    if text.isascii():
        return text
    units = text.encode("utf-16-le", "surrogatepass")
    joined = units.decode("utf-16-le", "surrogatepass")
    return re.sub("[\ud800-\udfff]", "?", joined)
