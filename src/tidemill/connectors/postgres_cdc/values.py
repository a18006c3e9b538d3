"""Texts as Postgres writes values (ISO dates, UTC, hexadecimal bytes) to a column's Arrow type.

The same values come out as from the snapshot, which Postgres writes as CSV: a number with more
decimal places than its column is rounded half away from zero, a time is cut to milliseconds.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.model import DataType, TypeRoot

_DAY = "1970-01-01 "
_DIGITS_MAX = 76


def typed(texts: pa.Array, type_: DataType) -> tuple[pa.Array, dict[int, str]]:
    """The values, and which texts do not fit (they are NULL) with the reason."""
    try:
        return _cast(texts, type_), {}
    except (ValueError, OverflowError) as error:  # ArrowInvalid is a ValueError
        if len(texts) == 1:
            return pa.nulls(1, type_.arrow()), {0: str(error).split("\n")[0]}
    half = len(texts) // 2
    first, bad = typed(texts[:half], type_)
    second, more = typed(texts[half:], type_)
    return pa.concat_arrays([first, second]), bad | {half + i: why for i, why in more.items()}


def _cast(texts: pa.Array, type_: DataType) -> pa.Array:
    arrow = type_.arrow()
    match type_.root:
        case TypeRoot.BOOLEAN:
            return pc.equal(texts, pa.scalar("t", texts.type))
        case TypeRoot.TIME:
            day, nothing = (pa.scalar(text, texts.type) for text in (_DAY, ""))
            moments = pc.cast(pc.binary_join_element_wise(day, texts, nothing), pa.timestamp("us"))
            return pc.cast(moments, pa.time64("us")).cast(arrow, safe=False)
        case TypeRoot.DECIMAL:
            return _decimals(texts, arrow)
        case TypeRoot.BINARY | TypeRoot.VARBINARY:
            raw = [None if text is None else bytes.fromhex(text[2:]) for text in texts.to_pylist()]
            return pa.array(raw, arrow)
        case TypeRoot.ARRAY:
            assert type_.element is not None
            return _arrays(texts, type_.element, arrow)
    return pc.cast(texts, arrow)


def _decimals(texts: pa.Array, arrow: Any) -> pa.Array:
    """Rounded to the column's scale, where a text has more decimal places."""
    dots = pc.find_substring(texts, ".")
    lengths = pc.cast(pc.utf8_length(texts), pa.int32())
    places = pc.if_else(pc.less(dots, 0), 0, pc.subtract(pc.subtract(lengths, dots), 1))
    most = pc.max(places).as_py() or 0
    if most <= arrow.scale:
        return pc.cast(texts, arrow)
    wide = pc.cast(texts, pa.decimal256(_DIGITS_MAX, min(most, _DIGITS_MAX)))
    rounded = pc.round(wide, ndigits=arrow.scale, round_mode="half_towards_infinity")
    return pc.cast(rounded, arrow)


def _arrays(texts: pa.Array, element: DataType, arrow: Any) -> pa.Array:
    lists = [None if text is None else array_items(text) for text in texts.to_pylist()]
    flat = pa.array([item for one in lists or () for item in one or ()], pa.large_string())
    values = _cast(flat, element)
    offsets, at = [], 0
    for one in lists:
        offsets.append(None if one is None else at)
        at += len(one or ())
    return pa.ListArray.from_arrays(pa.array([*offsets, at], pa.int32()), values).cast(arrow)


def array_items(text: str) -> list[str | None]:
    """The items of a Postgres array of one dimension; ValueError for others."""
    if not text.startswith("{"):
        raise ValueError(f"`{text[:50]}` is no array that starts at 1")
    items: list[str | None] = []
    at, end = 1, len(text) - 1
    while at < end:
        if text[at] == "{":
            raise ValueError("an array has more than one dimension")
        if text[at] == '"':
            at, item = _quoted(text, at + 1)
            items.append(item)
        else:
            stop = text.find(",", at)
            stop = end if stop < 0 else stop
            plain = text[at:stop]
            items.append(None if plain == "NULL" else plain)
            at = stop
        at += 1
    return items


def _quoted(text: str, at: int) -> tuple[int, str]:
    """The quoted item that begins at `at`, and the place behind its closing quote."""
    parts: list[str] = []
    while text[at] != '"':
        at += text[at] == "\\"
        parts.append(text[at])
        at += 1
    return at + 1, "".join(parts)
