"""Many Avro messages of one schema to raw Arrow columns at once, by numpy.

Each message has a cursor; a field is read from all of them in a few array operations, so there is
no Python object for a row or a value. A message that ends too early or holds an impossible value is
marked as bad, and its values mean nothing. Schemas with arrays or maps are read by `general`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from tidemill.formats.avro.raw import AvroSchema, kind, nullable_of, raw_type

Numbers = np.ndarray[Any, np.dtype[Any]]
_VARINT_BYTES_MAX = 10


class Cursors:
    """The messages behind one another, where reading stands in each, and which are bad."""

    def __init__(self, messages: Sequence[bytes]) -> None:
        lengths = np.fromiter(map(len, messages), np.int64, len(messages))
        self.data = np.frombuffer(b"".join(messages) + b"\0" * 16, np.uint8)
        self.end = np.cumsum(lengths)
        self.at = self.end - lengths
        self.bad = np.zeros(len(messages), np.bool_)

    def take(self, rows: Numbers, count: Numbers | int) -> Numbers:
        """Step over `count` bytes of each row; returns where they begin."""
        start = self.at[rows]
        short = (start + count > self.end[rows]) | (np.asarray(count) < 0)
        self.bad[rows[short]] = True
        self.at[rows] = np.where(short, self.end[rows], start + count)
        return start

    def varints(self, rows: Numbers) -> Numbers:
        """The next zigzag number of each row, as int64."""
        value = np.zeros(len(rows), np.uint64)
        active = np.arange(len(rows))
        for step in range(_VARINT_BYTES_MAX):
            at = self.take(rows[active], 1)
            byte = self.data[np.minimum(at, len(self.data) - 1)].astype(np.uint64)
            value[active] |= (byte & np.uint64(0x7F)) << np.uint64(7 * step)
            active = active[(byte >= 0x80) & ~self.bad[rows[active]]]
            if len(active) == 0:
                break
        self.bad[rows[active]] = True
        signed = (value >> np.uint64(1)).astype(np.int64)
        return np.asarray(signed ^ -(value & np.uint64(1)).astype(np.int64))

    def texts(self, rows: Numbers, length: Numbers) -> pa.BinaryArray:
        """The next `length` bytes of each row."""
        start = self.take(rows, length)
        length = np.where(self.bad[rows], 0, length)
        ends = np.cumsum(length)
        offsets = np.concatenate([[0], ends]).astype(np.int32)
        total = int(ends[-1]) if len(ends) else 0
        index = np.arange(total) + np.repeat(start - (ends - length), length)
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(self.data[index].tobytes())]
        return pa.Array.from_buffers(pa.binary(), len(rows), buffers)

    def fixed(self, rows: Numbers, width: int) -> Numbers:
        """The next `width` bytes of each row, as rows of a matrix."""
        start = np.minimum(self.take(rows, width), len(self.data) - width)
        return self.data[start[:, None] + np.arange(width)]


def read_flat(
    messages: Sequence[bytes], schema: AvroSchema, wanted: frozenset[str] | None
) -> tuple[dict[str, pa.Array], Numbers]:
    """The wanted fields of a record as raw columns, and which messages are bad."""
    cursors = Cursors(messages)
    rows = np.arange(len(messages))
    columns: dict[str, pa.Array] = {}
    for field in schema["fields"]:
        array = _read(cursors, rows, field["type"])
        if wanted is None or field["name"] in wanted:
            columns[field["name"]] = array
    return columns, cursors.bad


def _read(cursors: Cursors, rows: Numbers, schema: AvroSchema) -> pa.Array:
    what = kind(schema)
    if what == "union":
        return _union(cursors, rows, schema)
    if what in ("record", "error"):
        fields = [_read(cursors, rows, field["type"]) for field in schema["fields"]]
        type_ = raw_type(schema)
        if not fields:
            return pa.array([{}] * len(rows), type_)
        return pa.StructArray.from_arrays(fields, fields=list(type_))
    if what == "null":
        return pa.nulls(len(rows))
    if what == "boolean":
        byte = cursors.fixed(rows, 1)[:, 0]
        cursors.bad[rows[byte > 1]] = True
        return pa.array(byte == 1)
    if what in ("int", "long"):
        return _numbers(cursors, rows, what)
    if what in ("float", "double"):
        width, dtype = (4, "<f4") if what == "float" else (8, "<f8")
        return pa.array(np.ascontiguousarray(cursors.fixed(rows, width)).view(dtype)[:, 0])
    if what == "enum":
        return _symbols(cursors, rows, schema["symbols"])
    if what == "fixed":
        return cursors.texts(rows, np.full(len(rows), schema["size"], np.int64))
    return cursors.texts(rows, cursors.varints(rows))


def _numbers(cursors: Cursors, rows: Numbers, what: str) -> pa.Array:
    value = cursors.varints(rows)
    if what == "long":
        return pa.array(value)
    wide = (value < -(2**31)) | (value >= 2**31)
    cursors.bad[rows[wide]] = True
    return pa.array(np.where(wide, 0, value).astype(np.int32))


def _symbols(cursors: Cursors, rows: Numbers, symbols: list[str]) -> pa.Array:
    value = cursors.varints(rows)
    wrong = (value < 0) | (value >= len(symbols))
    cursors.bad[rows[wrong]] = True
    return pa.array(symbols, pa.string()).take(pa.array(np.where(wrong, 0, value)))


def _union(cursors: Cursors, rows: Numbers, union: list[AvroSchema]) -> pa.Array:
    branch = cursors.varints(rows)
    cursors.bad[rows[(branch < 0) | (branch >= len(union))]] = True
    inner = nullable_of(union)
    if kind(inner) == "null":
        return pa.nulls(len(rows))
    there = next(i for i, one in enumerate(union) if kind(one) != "null")
    chosen = np.flatnonzero((branch == there) & ~cursors.bad[rows])
    found = _read(cursors, rows[chosen], inner)
    if len(chosen) == len(rows):
        return found
    index = np.full(len(rows), -1, np.int64)
    index[chosen] = np.arange(len(chosen))
    return found.take(pa.array(index, mask=index < 0))
