"""Rows of any connector as `connectors/jdbc/portable` has those of Postgres, and back for people.

A row becomes its key's columns `k0`, ... in the order of Postgres, and the portable texts of all
its columns `c0`, ...; both are made by DuckDB out of plain Arrow columns.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.connectors.jdbc.portable import PORTABLE
from tidemill.errors import UserError
from tidemill.model import Column, DataType, TypeRoot

KEYS = PORTABLE - {
    TypeRoot.FLOAT, TypeRoot.DOUBLE, TypeRoot.CHAR, TypeRoot.BINARY, TypeRoot.VARBINARY,
    TypeRoot.TIME,
}  # fmt: skip
"""The types of which a key's columns may be."""

_MOMENTS = (TypeRoot.TIMESTAMP, TypeRoot.TIMESTAMP_LTZ)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000


def plain(values: pa.Array, type_: DataType) -> pa.Array:
    """What DuckDB writes as the portable text, for most types by a mere cast."""
    root = type_.root
    if root in (TypeRoot.FLOAT, TypeRoot.DOUBLE):
        # Adding 0.0 makes 0.0 of -0.0.
        values = pc.add(values, pa.scalar(0.0, values.type))
        whole = pa.int32() if root is TypeRoot.FLOAT else pa.int64()
        bits = pc.cast(values.view(whole), pa.string())
        return pc.if_else(pc.is_nan(values), pa.scalar("NaN"), bits)
    if root in _MOMENTS:
        fine = (type_.precision or 0) > 6
        # The zone of an instant says nothing.
        return values.cast(pa.int64()) if fine else _micros(values)
    if root is TypeRoot.TIME:
        return values.cast(pa.time64("us")).cast(pa.int64())
    if root is TypeRoot.DATE:
        return values.cast(pa.int32())
    return values


def _micros(values: pa.Array) -> pa.Array:
    return values.cast(pa.timestamp("us", values.type.tz)).cast(pa.int64())


def text_of(name: str, type_: DataType) -> str:
    """DuckDB's expression of the portable text of a plain column; `name` needs no quotes."""
    if type_.root in (TypeRoot.BINARY, TypeRoot.VARBINARY):
        return f"lower(hex({name}))"
    if type_.root is TypeRoot.DECIMAL:
        # DuckDB writes no zero before the point where there is no digit for it.
        return f"regexp_replace(CAST({name} AS VARCHAR), '^(-?)[.]', '\\10.')"
    return f"CAST({name} AS VARCHAR)"


def key_text(value: Any, type_: DataType) -> str:
    """A key's plain value as Postgres writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if type_.root is TypeRoot.DATE or type_.root in _MOMENTS:
        return _shown_moment(int(value), type_)
    return str(value)


def key_value(text: str, type_: DataType) -> Any:
    """The plain value of a key that Postgres writes so; UserError for what has none."""
    root = type_.root
    try:
        if root is TypeRoot.BOOLEAN:
            return text == "true"
        if root is TypeRoot.DECIMAL:
            return Decimal(text)
        if root is TypeRoot.DATE:
            return (date.fromisoformat(text) - _EPOCH.date()).days
        if root in _MOMENTS:
            given = datetime.fromisoformat(text)
            given = given if given.tzinfo is not None else given.replace(tzinfo=UTC)
            micros = (given - _EPOCH) // timedelta(microseconds=1)
            return micros * 1000 if (type_.precision or 0) > 6 else micros
        return text if type_.is_string else int(text)
    except ValueError:
        raise _odd_key(text) from None


def shown(text: str | None, type_: DataType) -> str | None:
    """A portable text as people read the value."""
    if text is None:
        return None
    if type_.root in (TypeRoot.FLOAT, TypeRoot.DOUBLE) and text != "NaN":
        single = type_.root is TypeRoot.FLOAT
        (found,) = struct.unpack(*((">f", struct.pack(">i", int(text))) if single else
                                   (">d", struct.pack(">q", int(text)))))  # fmt: skip
        return f"{found:.9g}" if single else repr(found)
    try:
        if type_.root is TypeRoot.TIME:
            return _clock(int(text))
        if type_.root is TypeRoot.DATE or type_.root in _MOMENTS:
            return _shown_moment(int(text), type_)
    except (ValueError, UserError):
        return text
    return text


def _shown_moment(value: int, type_: DataType) -> str:
    try:
        if type_.root is TypeRoot.DATE:
            return (_EPOCH.date() + timedelta(days=value)).isoformat()
        nanos = value % 1000 if (type_.precision or 0) > 6 else 0
        micros = value // 1000 if (type_.precision or 0) > 6 else value
        day, rest = divmod(micros, 86_400 * _SECOND)
        text = f"{(_EPOCH.date() + timedelta(days=day)).isoformat()} {_clock(rest)}"
    except OverflowError:
        raise _odd_key(str(value)) from None
    if nanos:
        text = f"{text if '.' in text else text + '.'}".ljust(26, "0") + f"{nanos:03}"
    return f"{text}+00" if type_.root is TypeRoot.TIMESTAMP_LTZ else text


def _clock(micros: int) -> str:
    seconds, part = divmod(micros, _SECOND)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{part:06}".rstrip("0") if part else text


def _odd_key(text: str) -> UserError:
    return UserError(
        f"the key `{text[:80]}` cannot be put in order outside of Postgres",
        code="reconcile.not-live",
        hint="Compare without --live.",
    )


def plain_rows(
    rows: pa.RecordBatch, columns: Sequence[Column], key: Sequence[str]
) -> dict[str, pa.Array]:
    """The columns that are compared as plain ones: the key's `k0`, ..., all `r0`, ...."""
    found = {f"r{i}": plain(rows.column(c.name), c.type) for i, c in enumerate(columns)}
    at = {column.name: i for i, column in enumerate(columns)}
    return {**{f"k{i}": found[f"r{at[name]}"] for i, name in enumerate(key)}, **found}
