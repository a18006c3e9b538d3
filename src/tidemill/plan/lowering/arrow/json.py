"""JSON functions over texts: what a path finds, what kind a text is, texts normalised."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tidemill.plan.lowering.arrow import jackson
from tidemill.plan.lowering.arrow.base import ArrowFunction, ArrowTable, BadValueError, per_value
from tidemill.plan.lowering.arrow.jackson import NotJsonError
from tidemill.plan.lowering.arrow.json_values import NoPathError, find
from tidemill.sql.functions.json_path import json_path

_INT_MAX = 2**31
EMPTY, ERROR = "empty", "error"
_TEXT = pa.struct({"kind": pa.string(), "text": pa.string()})
_ITEMS = pa.struct({"kind": pa.string(), "items": pa.list_(pa.string())})


def _reached(text: str, path: str) -> tuple[str, Any]:
    """`value`, `empty` or `error`, and the value."""
    known = json_path(path)
    try:
        document = jackson.read(text)
    except NotJsonError:
        return (EMPTY if known.lax else ERROR), None
    try:
        return "value", find(document, known)
    except NoPathError:
        return ERROR, None


def _scalar(text: str, path: str) -> dict[str, str | None]:
    """A scalar with the letter of its Java class, or why there is none."""
    kind, value = _reached(text, path)
    if kind == "value" and isinstance(value, (dict, list)):
        kind = EMPTY if json_path(path).lax else ERROR
    elif kind == "value" and value is None:
        kind = EMPTY
    if kind != "value":
        return {"kind": kind, "text": None}
    return {"kind": _java_class(value), "text": _shown(value)}


def _java_class(value: Any) -> str:
    if isinstance(value, bool):
        return "b"
    if isinstance(value, int):
        return "i" if -_INT_MAX <= value < _INT_MAX else "l"
    return "d" if isinstance(value, Decimal) else "s"


def _shown(value: Any) -> str:
    """A scalar as Java's toString."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return jackson.paired(str(value))


def _query(text: str, path: str, wrapper: str) -> tuple[str, Any]:
    kind, value = _reached(text, path)
    if kind != "value" or value is None:
        return (EMPTY if kind == "value" else kind), None
    if wrapper == "UNCONDITIONAL" or (wrapper == "CONDITIONAL" and not isinstance(value, list)):
        value = [value]
    if isinstance(value, (dict, list)):
        return "value", value
    return (EMPTY if json_path(path).lax else ERROR), None


def _query_items(text: str, path: str, wrapper: str) -> dict[str, Any]:
    kind, value = _query(text, path, wrapper)
    if kind == "value" and not isinstance(value, list):
        kind = ERROR
    if kind != "value":
        return {"kind": kind, "items": None}
    return {"kind": kind, "items": [_item(item) for item in value]}


def _value(
    text: str | None,
    path: str,
    on_empty: str,
    empty: str | None,
    on_error: str,
    error: str | None,
) -> str | None:
    """JSON_VALUE that returns STRING."""
    if text is None:
        return None
    found = _scalar(text, path)
    if found["kind"] in (EMPTY, ERROR):
        behaviour, default = (on_empty, empty) if found["kind"] == EMPTY else (on_error, error)
        return _instead("JSON_VALUE", text, behaviour, default)
    return found["text"]


def _query_value(text: str, path: str, wrapper: str, on_empty: str, on_error: str) -> str | None:
    """JSON_QUERY that returns STRING."""
    kind, value = _query(text, path, wrapper)
    if kind == "value":
        return jackson.paired(jackson.write(value))
    behaviour = on_empty if kind == EMPTY else on_error
    return _instead("JSON_QUERY", text, behaviour, _EMPTIES.get(behaviour))


_EMPTIES = {"EMPTY ARRAY": "[]", "EMPTY OBJECT": "{}"}


def _instead(name: str, text: str, behaviour: str, default: str | None) -> str | None:
    if behaviour == "ERROR":
        raise BadValueError(f"{name} finds nothing in {text!r}")
    return None if behaviour == "NULL" else default


def _item(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, (dict, list)):
        return jackson.paired(jackson.write(value))
    return _shown(value)


def _exists(text: str, path: str) -> str:
    kind, value = _reached(text, path)
    return ERROR if kind == ERROR else "true" if value is not None else "false"


def _kind(text: str) -> str | None:
    """`object`, `array` or `scalar`; NULL where it is no JSON."""
    try:
        value = jackson.read(text)
    except NotJsonError:
        return None
    return "object" if isinstance(value, dict) else "array" if isinstance(value, list) else "scalar"


def _normal(text: str) -> str | None:
    """Written anew; NULL of a blank text."""
    trimmed = text.strip("".join(map(chr, range(33))))
    if not trimmed:
        return None
    try:
        return jackson.paired(jackson.write(jackson.read(trimmed)))
    except NotJsonError:
        raise BadValueError(f"JSON takes no text such as {text!r}") from None


def _big_decimal(text: str) -> str:
    """A number's text as `BigDecimal.toString` has it."""
    return str(jackson.big_decimal(text))


def _quote(text: str) -> str:
    """Quoted, all but ASCII escaped; beyond U+FFFF with five digits and then half a character."""
    done = ""
    for character in text:
        if character in _QUOTES:
            done += _QUOTES[character]
        elif ord(character) > 0xFFFF:
            done += f"\\u{ord(character):04x}\\u{0xDC00 + (ord(character) - 0x10000) % 0x400:04x}"
        else:
            done += f"\\u{ord(character):04x}" if ord(character) > 127 else character
    return f'"{done}"'


_QUOTES = {
    '"': '\\"',
    "\\": "\\\\",
    "/": "\\/",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}
_PLAIN = {written[1]: character for character, written in _QUOTES.items()}
_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))')


def _unquote(text: str) -> str:
    """Without the quotes and escapes, where the text is a JSON string; else as it is."""
    if not (text.startswith('"') and text.endswith('"')) or _kind(text) is None:
        return text
    inner = _ESCAPE.sub(lambda f: chr(int(f[1], 16)) if f[1] else _PLAIN[f[2]], text[1:-1])
    return jackson.paired(inner)


FUNCTIONS: ArrowTable = {
    "flink_json_scalar": ArrowFunction(
        ("VARCHAR", "VARCHAR"), "STRUCT(kind VARCHAR, text VARCHAR)", per_value(_scalar, _TEXT)
    ),
    "flink_json_value": ArrowFunction(
        ("VARCHAR",) * 6, "VARCHAR", per_value(_value, pa.string(), nulls=True)
    ),
    "flink_json_query": ArrowFunction(
        ("VARCHAR",) * 5, "VARCHAR", per_value(_query_value, pa.string())
    ),
    "flink_json_query_items": ArrowFunction(
        ("VARCHAR", "VARCHAR", "VARCHAR"),
        "STRUCT(kind VARCHAR, items VARCHAR[])",
        per_value(_query_items, _ITEMS),
    ),
    "flink_json_exists": ArrowFunction(
        ("VARCHAR", "VARCHAR"), "VARCHAR", per_value(_exists, pa.string())
    ),
    "flink_json_kind": ArrowFunction(("VARCHAR",), "VARCHAR", per_value(_kind, pa.string())),
    "flink_json_normal": ArrowFunction(("VARCHAR",), "VARCHAR", per_value(_normal, pa.string())),
    "flink_big_decimal": ArrowFunction(
        ("VARCHAR",), "VARCHAR", per_value(_big_decimal, pa.string())
    ),
    "flink_json_quote": ArrowFunction(("VARCHAR",), "VARCHAR", per_value(_quote, pa.string())),
    "flink_json_unquote": ArrowFunction(("VARCHAR",), "VARCHAR", per_value(_unquote, pa.string())),
}
