"""Rows as the text that Flink's print sink shows: values as Java's `toString` writes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidemill.formats.common.java_text import double_text, float_text
from tidemill.model import Batch, DataType, RowKind, TypeRoot

_KINDS = [kind.short for kind in RowKind]


def render(batch: Batch, types: Sequence[DataType]) -> list[str]:
    """One text per row, such as `+I[1, apple, null]`."""
    count = len(batch)
    kinds = ["+I"] * count if batch.kinds is None else [_KINDS[k] for k in batch.kinds.to_pylist()]
    columns = [
        column_texts(column, type_) for column, type_ in zip(batch.rows.columns, types, strict=True)
    ]
    rows = zip(*columns, strict=True) if columns else [()] * count
    return [f"{kind}[{', '.join(row)}]" for kind, row in zip(kinds, rows, strict=True)]


def column_texts(column: pa.Array, type_: DataType) -> list[str]:
    """The values of one column as texts; NULL is `null`."""
    if type_.root in _ARROW_CAST:
        return [
            "null" if text is None else text for text in pc.cast(column, pa.string()).to_pylist()
        ]
    text_of = _writer(type_)
    return ["null" if v is None else text_of(v) for v in _plain_values(column)]


_ARROW_CAST = {
    TypeRoot.TINYINT, TypeRoot.SMALLINT, TypeRoot.INTEGER, TypeRoot.BIGINT, TypeRoot.BOOLEAN,
    TypeRoot.CHAR, TypeRoot.VARCHAR, TypeRoot.DECIMAL,
}  # fmt: skip


def _plain_values(column: pa.Array) -> list[Any]:
    """Python values in which times are integers, so that no range or precision is lost."""
    return pc.cast(column, _timeless(column.type)).to_pylist()  # type: ignore[no-any-return]


def _timeless(type_: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(type_):
        return pa.int64()
    if pa.types.is_time32(type_) or pa.types.is_date32(type_):
        return pa.int32()
    if pa.types.is_list(type_):
        return pa.list_(_timeless(type_.value_type))
    if pa.types.is_map(type_):
        return pa.map_(_timeless(type_.key_type), _timeless(type_.item_type))
    if pa.types.is_struct(type_):
        return pa.struct([f.with_type(_timeless(f.type)) for f in type_])
    return type_


def _writer(type_: DataType) -> Callable[[Any], str]:
    root = type_.root
    if root in (TypeRoot.FLOAT, TypeRoot.DOUBLE):
        return float_text if root is TypeRoot.FLOAT else double_text
    if root.value in ("BINARY", "VARBINARY"):
        return lambda v: "[" + ", ".join(str(b - 256 if b > 127 else b) for b in v) + "]"
    if root is TypeRoot.BOOLEAN:
        return lambda v: "true" if v else "false"
    if root is TypeRoot.DATE:
        return java_date
    if root is TypeRoot.TIME:
        return lambda v: java_time(v * 1_000_000)
    if type_.is_timestamp:
        per_second = 10**6 if (type_.precision is None or type_.precision <= 6) else 10**9
        zoned = root is TypeRoot.TIMESTAMP_LTZ
        return lambda v: java_timestamp(v, per_second, zoned=zoned)
    if type_.is_interval:
        return _interval(root)
    return _collection(type_)


def _collection(type_: DataType) -> Callable[[Any], str]:
    def item(part: DataType | None) -> Callable[[Any], str]:
        inner = _writer(part) if part is not None and part.root not in _ARROW_CAST else str
        if part is not None and part.root is TypeRoot.BOOLEAN:
            inner = _writer(part)
        return lambda v: "null" if v is None else inner(v)

    if type_.root is TypeRoot.ARRAY:
        element = item(type_.element)
        return lambda v: "[" + ", ".join(element(x) for x in v) + "]"
    if type_.root in (TypeRoot.MAP, TypeRoot.MULTISET):
        key = item(type_.key or type_.element)
        value = item(type_.value)
        return lambda v: "{" + ", ".join(f"{key(k)}={value(x)}" for k, x in v) + "}"
    if type_.root is TypeRoot.ROW:
        parts = [(f.name, item(f.type)) for f in type_.fields]
        return lambda v: "+I[" + ", ".join(text(v[name]) for name, text in parts) + "]"
    return str


def _interval(root: TypeRoot) -> Callable[[Any], str]:
    def months(value: Any) -> str:
        years, rest = int(value.months / 12), int(np.fmod(value.months, 12))
        parts = (f"{years}Y" if years else "") + (f"{rest}M" if rest else "")
        return "P" + (parts or "0D")

    def duration(value: Any) -> str:
        nanos = value.days * 86_400 * 10**9 + value.nanoseconds
        sign, rest = ("-" if nanos < 0 else ""), abs(nanos)
        hours, rest = divmod(rest, 3600 * 10**9)
        minutes, rest = divmod(rest, 60 * 10**9)
        text = f"{sign}{hours}H" if hours else ""
        text += f"{sign}{minutes}M" if minutes else ""
        if rest:
            seconds, fraction = divmod(rest, 10**9)
            text += f"{sign}{seconds}" + (f".{fraction:09d}".rstrip("0") if fraction else "") + "S"
        return "PT" + (text or "0S")

    return months if root is TypeRoot.INTERVAL_YEAR_MONTH else duration


def java_date(days: int) -> str:
    """A DATE as Java's LocalDate writes it."""
    text = str(np.datetime64(days, "D"))
    if text.startswith("-"):
        return "-" + text[1:].zfill(10)
    return text if len(text) <= 10 else f"+{text}"


def java_time(nanos: int) -> str:
    """A TIME as Java's LocalTime writes it: seconds and fraction only where they are not zero."""
    seconds, fraction = divmod(nanos, 10**9)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    text = f"{hours:02d}:{minutes:02d}"
    return text if seconds == fraction == 0 else f"{text}:{seconds:02d}{_fraction(fraction)}"


def java_timestamp(value: int, per_second: int, *, zoned: bool) -> str:
    """A TIMESTAMP as LocalDateTime writes it, a TIMESTAMP_LTZ as Instant does."""
    days, rest = divmod(value, 86_400 * per_second)
    nanos = rest * (10**9 // per_second)
    if not zoned:
        return f"{java_date(days)}T{java_time(nanos)}"
    seconds, fraction = divmod(nanos, 10**9)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{java_date(days)}T{clock}{_fraction(fraction)}Z"


def _fraction(nanos: int) -> str:
    """Three, six or nine digits, as Java groups them."""
    if nanos == 0:
        return ""
    if nanos % 10**6 == 0:
        return f".{nanos // 10**6:03d}"
    return f".{nanos // 1000:06d}" if nanos % 1000 == 0 else f".{nanos:09d}"
