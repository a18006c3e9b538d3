"""Arrow rows as CSV text for COPY: NULL is an empty field, an empty string is `""`."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

_OPTIONS = csv.WriteOptions(include_header=False, quoting_style="needed")


def to_csv(rows: pa.Table) -> memoryview:
    """The rows as CSV; the columns must be of types that `types.check_supported` lets through."""
    arrays = [_column(column) for column in rows.columns]
    sink = pa.BufferOutputStream()
    csv.write_csv(pa.table(arrays, names=rows.column_names), sink, _OPTIONS)
    return memoryview(sink.getvalue())


def _column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    type_ = column.type
    if pa.types.is_binary(type_):
        texts = [None if v is None else "\\x" + v.hex() for v in column.to_pylist()]
        return pa.chunked_array([texts], pa.string())
    if pa.types.is_list(type_):
        return pa.chunked_array([_lists(column)], pa.string())
    if pa.types.is_time(type_) or pa.types.is_decimal(type_):
        return pc.cast(column, pa.string())
    return column


def _lists(column: pa.ChunkedArray) -> list[str | None]:
    combined = column.combine_chunks()
    items: list[Any] = _item_texts(combined.flatten())
    texts: list[str | None] = []
    position = 0
    lengths = pc.list_value_length(combined).to_pylist()
    for length in lengths:
        if length is None:
            texts.append(None)
            continue
        part = items[position : position + length]
        position += length
        texts.append("{" + ",".join(part) + "}")
    return texts


def _item_texts(items: pa.Array) -> list[str]:
    """The items as they stand in an array literal."""
    if pa.types.is_binary(items.type):
        plain = [None if v is None else "\\x" + v.hex() for v in items.to_pylist()]
    else:
        plain = pc.cast(items, pa.string()).to_pylist()
    return ["NULL" if text is None else _quoted(text) for text in plain]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def array_literal(values: pa.Array) -> str:
    """The values as one Postgres array literal."""
    return "{" + ",".join(_item_texts(values)) + "}"
