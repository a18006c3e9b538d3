"""Character sets, and texts that are split by Java's regular expressions."""

from __future__ import annotations

import codecs
import re

import pyarrow as pa

from tidemill.plan.lowering.arrow.base import ArrowFunction, ArrowTable, BadValueError, per_value
from tidemill.plan.lowering.arrow.regex import pattern_of

_MAP = pa.map_(pa.string(), pa.string())


def _encode(value: str, charset: str) -> bytes:
    """What the set lacks becomes `?`; UTF-16 begins with its mark, unless there is nothing."""
    if charset == "UTF-16":
        return codecs.BOM_UTF16_BE + value.encode("utf-16-be") if value else b""
    return value.encode(charset, "replace")


def _decode(value: bytes, charset: str) -> str:
    """What cannot be read becomes U+FFFD."""
    if charset == "UTF-16":
        little = value.startswith(codecs.BOM_UTF16_LE)
        marked = little or value.startswith(codecs.BOM_UTF16_BE)
        return value[2 * marked :].decode("utf-16-le" if little else "utf-16-be", "replace")
    return value.decode(charset, "replace")


def _split(value: str, pattern: str, most: int) -> list[str]:
    """As String.split: no empty part first for a match of nothing; none last without a limit."""
    known = pattern_of(pattern, value)
    if known is None:
        raise BadValueError(f"{pattern!r} is no regular expression")
    parts: list[str] = []
    index = 0
    for found in known.compiled.finditer(value):
        if found.end() == 0 or len(parts) == most - 1:
            continue
        parts.append(value[index : found.start()])
        index = found.end()
    parts.append(value[index:])
    if most == 0 and len(parts) > 1:
        while parts and not parts[-1]:
            parts.pop()
    return parts


def _str_to_map(value: str, pairs: str, between: str) -> list[tuple[str, str | None]]:
    """Of two equal keys the last one's value; a part without a value has NULL."""
    found: dict[str, str | None] = {}
    for pair in _split(value, pairs, 0) if value else ():
        key, *rest = _split(pair, between, 2)
        found[key if rest else pair] = rest[0] if rest else None
    return list(found.items())


def _overlay(value: str, put: str, start: int, length: int) -> str:
    """Over Java's chars; half a character is written as `?`."""
    units = value.encode("utf-16-le")
    if not 0 < start <= len(units) // 2:
        return value
    rest = (
        units[2 * (start - 1 + length) :]
        if length > 0 and start + length <= len(units) // 2
        else b""
    )
    joined = units[: 2 * (start - 1)] + put.encode("utf-16-le") + rest
    return re.sub("[\ud800-\udfff]", "?", joined.decode("utf-16-le", "surrogatepass"))


FUNCTIONS: ArrowTable = {
    "flink_overlay": ArrowFunction(
        ("VARCHAR", "VARCHAR", "INTEGER", "INTEGER"), "VARCHAR", per_value(_overlay, pa.string())
    ),
    "flink_encode": ArrowFunction(("VARCHAR", "VARCHAR"), "BLOB", per_value(_encode, pa.binary())),
    "flink_decode": ArrowFunction(("BLOB", "VARCHAR"), "VARCHAR", per_value(_decode, pa.string())),
    "flink_str_to_map": ArrowFunction(
        ("VARCHAR", "VARCHAR", "VARCHAR"), "MAP(VARCHAR, VARCHAR)", per_value(_str_to_map, _MAP)
    ),
}
