"""One row of a batch as JSON text, for dead letters and messages; not a format of any table."""

from __future__ import annotations

import datetime
import decimal
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def row_json(rows: pa.RecordBatch | pa.Table, index: int) -> bytes:
    """The row as a JSON object in UTF-8: decimals and times as strings, bytes as hex."""
    fields = {}
    for name, column in zip(rows.schema.names, rows.columns, strict=True):
        fields[name] = _plain(column, index)
    return json.dumps(fields, ensure_ascii=False, default=str).encode("utf-8", "replace")


def _plain(column: pa.Array | pa.ChunkedArray, index: int) -> Any:
    try:
        if pa.types.is_timestamp(column.type):
            scalar = column.slice(index, 1)
            naive = scalar.cast(pa.timestamp(column.type.unit))
            text = pc.cast(naive, pa.string())[0].as_py()
            return text + "Z" if text is not None and column.type.tz else text
        return _json_value(column[index].as_py())
    except (ValueError, UnicodeDecodeError, OverflowError, pa.ArrowException):
        return f"<unprintable {column.type}>"


def _json_value(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, decimal.Decimal | datetime.date | datetime.time | datetime.datetime):
        return str(value)
    if isinstance(value, Mapping):
        return {str(k): _json_value(v) for k, v in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_json_value(v) for v in value]
    return value
