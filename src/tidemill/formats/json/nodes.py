"""The lenient way to read JSON: a tree that keeps each number as it was written.

For messages that the fast decoder refuses. Reads what Jackson reads as Flink sets it up: control
characters within strings, a byte order mark, UTF-16 and UTF-32, text after the first value; not
NaN, comments or single quotes. Nesting deeper than about 1,000 levels is refused.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, NoReturn

from tidemill.formats.common.java_text import decimal_text, double_text, json_string

NUMBER_LENGTH_MAX = 1000
"""Jackson refuses longer numbers."""


class IntText(str):
    """A JSON number without fraction or exponent, as written."""

    __slots__ = ()


class FractionText(str):
    """A JSON number with a fraction or an exponent, as written."""

    __slots__ = ()


class Fields(list[tuple[str, Any]]):
    """A JSON object: its members in their order, duplicates kept."""

    __slots__ = ()


def _refuse(token: str) -> NoReturn:
    raise ValueError(f"{token} is not JSON")


_READER = json.JSONDecoder(
    strict=False,
    parse_int=IntText,
    parse_float=FractionText,
    parse_constant=_refuse,
    object_pairs_hook=Fields,
)


def parse(message: bytes) -> Any:
    """The first JSON value of the message; ValueError says what is wrong with it."""
    try:
        text = message.decode(json.detect_encoding(message), "surrogatepass")
        text = text.removeprefix("\ufeff").lstrip(" \t\n\r")
        return _READER.raw_decode(text)[0]
    except UnicodeDecodeError as error:
        raise ValueError(f"invalid {error.encoding} at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None


def clean(text: str) -> str:
    """The text with lone surrogates replaced by `?`, as Java does when it writes UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def is_container(node: Any) -> bool:
    """Whether the node is an object or an array."""
    return isinstance(node, list)


def is_string(node: Any) -> bool:
    """Whether the node is a JSON string (and not a number kept as text)."""
    return type(node) is str


def scalar_text(node: Any) -> str:
    """A scalar node as it was written; booleans as true and false."""
    return ("true" if node else "false") if isinstance(node, bool) else str(node)


def number_text(node: str, decimals: bool) -> str:
    """A number as a Jackson tree prints it."""
    if isinstance(node, IntText):
        return str(int(node))
    return decimal_text(Decimal(node)) if decimals else double_text(float(node))


def tree_text(node: Any, decimals: bool) -> str:
    """The node as compact JSON, as Jackson's `JsonNode.toString` gives it."""
    if isinstance(node, Fields):
        members = dict(node)
        inner = (f"{json_string(k)}:{tree_text(v, decimals)}" for k, v in members.items())
        return "{" + ",".join(inner) + "}"
    if isinstance(node, list):
        return "[" + ",".join(tree_text(item, decimals) for item in node) + "]"
    if node is None:
        return "null"
    if is_string(node):
        return json_string(node)
    if isinstance(node, bool):
        return scalar_text(node)
    text = number_text(node, decimals)
    return f'"{text}"' if text in ("NaN", "Infinity", "-Infinity") else text
