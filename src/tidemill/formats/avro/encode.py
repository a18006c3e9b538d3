"""Arrow columns to Avro binary, as Flink writes it; a whole batch at once.

Each column becomes an array of bytes, and these are joined row by row. Decimals have as few bytes
as hold them; arrays and maps are written as one block.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidemill.model import DataType, TypeRoot

Numbers = np.ndarray[Any, np.dtype[Any]]


def encoded(array: pa.Array, type_: DataType) -> pa.BinaryArray:
    """The Avro bytes of each value; of a nullable type with the branch of the union before."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if not type_.nullable:
        return _bare(array, type_)
    if array.null_count == 0:
        return _joined(b"\x02", _bare(array, type_))
    there = array.is_valid()
    found = _joined(b"\x02", _bare(array.filter(there), type_))
    index = pc.cumulative_sum(there.cast(pa.int64()))
    index = pc.if_else(there, pc.subtract(index, 1), pa.scalar(None, pa.int64()))
    return pc.fill_null(found.take(index), b"\x00")


def _bare(array: pa.Array, type_: DataType) -> pa.BinaryArray:
    root = type_.root
    if root is TypeRoot.BOOLEAN:
        return pc.if_else(array, pa.scalar(b"\x01", pa.binary()), pa.scalar(b"\x00", pa.binary()))
    if type_.is_string or root in (TypeRoot.BINARY, TypeRoot.VARBINARY):
        return sized(array.cast(pa.binary()))
    if root in (TypeRoot.FLOAT, TypeRoot.DOUBLE):
        return _floats(array)
    if root is TypeRoot.DECIMAL:
        return sized(_decimals(array))
    if root is TypeRoot.ARRAY and type_.element is not None:
        whole = pa.concat_arrays([array])
        return _blocks(whole, encoded(_inside(whole, whole.values), type_.element))
    if root is TypeRoot.MAP and type_.value is not None:
        whole = pa.concat_arrays([array])
        keys = sized(_inside(whole, whole.keys).cast(pa.binary()))
        items = encoded(_inside(whole, whole.items), type_.value)
        return _blocks(whole, _joined(keys, items))
    if root is TypeRoot.ROW:
        fields = [
            encoded(part, f.type) for part, f in zip(_fields(array), type_.fields, strict=True)
        ]
        return _joined(*fields) if fields else pa.repeat(pa.scalar(b""), len(array))
    return varints(_whole_numbers(array, type_))


def _fields(array: pa.StructArray) -> list[pa.Array]:
    return [array.field(index) for index in range(array.type.num_fields)]


def _whole_numbers(array: pa.Array, type_: DataType) -> Numbers:
    if type_.is_timestamp:
        unit = 10**3 if str(array.type.unit) == "us" else 10**6
        value = array.cast(pa.int64()).to_numpy(zero_copy_only=False)
        return np.asarray(value // unit if (type_.precision or 0) <= 3 else value)
    if type_.root in (TypeRoot.DATE, TypeRoot.TIME):
        array = array.cast(pa.int32())
    return np.asarray(array.cast(pa.int64()).to_numpy(zero_copy_only=False))


def varints(values: Numbers) -> pa.BinaryArray:
    """Zigzag numbers."""
    signed = values.astype(np.int64)
    zigzag = ((signed << 1) ^ (signed >> 63)).astype(np.uint64)
    matrix = np.zeros((len(values), 10), np.uint8)
    length = np.ones(len(values), np.int64)
    for step in range(10):
        part = (zigzag >> np.uint64(7 * step)) & np.uint64(0x7F)
        more = (zigzag >> np.uint64(7 * step)) > 0x7F
        matrix[:, step] = part | np.where(more, 0x80, 0).astype(np.uint64)
        length += more
        if not more.any():
            break
    return _from_matrix(matrix, length)


def _from_matrix(matrix: Numbers, length: Numbers) -> pa.BinaryArray:
    """The first `length` bytes of each row."""
    keep = np.arange(matrix.shape[1]) < length[:, None]
    offsets = np.concatenate([[0], np.cumsum(length)]).astype(np.int32)
    data = matrix[keep].tobytes()
    return pa.Array.from_buffers(
        pa.binary(), len(matrix), [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    )


def sized(array: pa.BinaryArray) -> pa.BinaryArray:
    """Texts with their lengths before them."""
    length = pc.binary_length(array).to_numpy(zero_copy_only=False)
    return _joined(varints(length), array)


def _floats(array: pa.Array) -> pa.BinaryArray:
    values = np.ascontiguousarray(array.to_numpy(zero_copy_only=False))
    width = values.dtype.itemsize
    little = values.astype(values.dtype.newbyteorder("<"))
    matrix = little.view(np.uint8).reshape(len(values), width)
    return _from_matrix(matrix, np.full(len(values), width))


def _decimals(array: pa.Array) -> pa.BinaryArray:
    """Big-endian two's complement, as short as possible."""
    whole = pa.concat_arrays([array])
    data = np.frombuffer(whole.buffers()[1], np.uint8, len(whole) * 16, whole.offset * 16)
    big = data.reshape(len(whole), 16)[:, ::-1]
    negative = big[:, 0] >= 0x80
    sign = np.where(negative, 0xFF, 0)[:, None]
    # A byte is spare if it is all sign, and the next one's first bit says the same.
    spare = (big == sign) & ((np.roll(big, -1, axis=1) >= 0x80) == negative[:, None])
    spare[:, 15] = False
    length = 16 - np.cumprod(spare, axis=1).sum(axis=1)
    column = np.arange(16)
    index = np.minimum(column + (16 - length)[:, None], 15)
    return _from_matrix(np.take_along_axis(big, index, axis=1), length)


def _inside(whole: pa.Array, values: pa.Array) -> pa.Array:
    offsets = whole.offsets
    first, last = offsets[0].as_py(), offsets[-1].as_py()
    return values.slice(first, last - first)


def _blocks(whole: pa.Array, items: pa.BinaryArray) -> pa.BinaryArray:
    """Each list as one block: how many, the items, and the empty block that ends it."""
    offsets = pc.subtract(whole.offsets, whole.offsets[0])
    lists = pa.ListArray.from_arrays(offsets, items)
    count = pc.list_value_length(lists).to_numpy(zero_copy_only=False)
    joined = pc.binary_join(lists, pa.scalar(b"", pa.binary()))
    begin = pc.if_else(pa.array(count > 0), varints(count), pa.scalar(b"", pa.binary()))
    return _joined(begin, joined, b"\x00")


def _joined(*parts: pa.BinaryArray | bytes) -> pa.BinaryArray:
    return pc.binary_join_element_wise(*parts, b"")
