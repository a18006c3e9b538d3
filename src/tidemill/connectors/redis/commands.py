"""Many Redis commands of one kind as one Arrow array of bytes, in the form that goes on the wire.

A command is `*<parts>` and then each part with its length, all with CRLF (RESP2). They are put
together by Arrow for a whole batch: no Python object is made for a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Argument: TypeAlias = "bytes | pa.BinaryArray"


def commands(name: bytes, count: int, *arguments: Argument) -> pa.BinaryArray:
    """One command a row with the same number of arguments each; no array may have NULLs."""
    pieces: list[Argument] = [b"*%d\r\n" % (len(arguments) + 1) + _fixed(name)]
    for argument in arguments:
        pieces += [_fixed(argument)] if isinstance(argument, bytes) else _sized(argument)
    return _joined(pieces, count)


def commands_with_fields(
    name: bytes,
    count: int,
    head: Sequence[Argument],
    names: Sequence[bytes],
    texts: Sequence[pa.BinaryArray],
) -> pa.BinaryArray:
    """One command a row: the arguments in `head`, then name and text of each field not NULL."""
    there = present(texts)
    parts = pc.add(pc.multiply(there, pa.scalar(2, pa.int32())), 1 + len(head))
    pieces: list[Argument] = [b"*", _digits(parts), b"\r\n" + _fixed(name)]
    for argument in head:
        pieces += [_fixed(argument)] if isinstance(argument, bytes) else _sized(argument)
    for field, text in zip(names, texts, strict=True):
        if text.null_count == 0:
            pieces += [_fixed(field), *_sized(text)]
        else:
            one = _joined([_fixed(field), *_sized(text)], count)
            pieces.append(pc.if_else(text.is_valid(), one, pa.scalar(b"", pa.binary())))
    return _joined(pieces, count)


def commands_for_missing(
    name: bytes, keys: pa.BinaryArray, names: Sequence[bytes], texts: Sequence[pa.BinaryArray]
) -> pa.BinaryArray:
    """One command for each row that has NULLs: its key, then the names of the NULL fields."""
    missing = pc.subtract(pa.scalar(len(texts), pa.int32()), present(texts))
    rows = pc.indices_nonzero(missing)
    if len(rows) == 0:
        return pa.array([], pa.binary())
    parts = pc.add(missing.take(rows), 2)
    pieces: list[Argument] = [
        b"*",
        _digits(parts),
        b"\r\n" + _fixed(name),
        *_sized(keys.take(rows)),
    ]
    for field, text in zip(names, texts, strict=True):
        if text.null_count:
            one, none = pa.scalar(_fixed(field), pa.binary()), pa.scalar(b"", pa.binary())
            pieces.append(pc.if_else(text.take(rows).is_null(), one, none))
    return _joined(pieces, len(rows))


def present(texts: Sequence[pa.BinaryArray]) -> pa.Int32Array:
    """How many of the texts of each row are not NULL."""
    found = texts[0].is_valid().cast(pa.int32())
    for text in texts[1:]:
        found = pc.add(found, text.is_valid().cast(pa.int32()))
    return found


def wire(array: pa.BinaryArray) -> memoryview:
    """The values of an array one behind the other, without a copy."""
    _, offsets, data = array.buffers()
    if len(array) == 0 or data is None:
        return memoryview(b"")
    ends = np.frombuffer(offsets, np.int32, len(array) + 1, array.offset * 4)
    return memoryview(data)[int(ends[0]) : int(ends[-1])]


def _fixed(part: bytes) -> bytes:
    return b"$%d\r\n%s\r\n" % (len(part), part)


def _sized(part: pa.BinaryArray) -> list[Argument]:
    return [b"$", _digits(pc.binary_length(part)), b"\r\n", part, b"\r\n"]


def _digits(numbers: pa.Int32Array) -> pa.BinaryArray:
    return numbers.cast(pa.string()).cast(pa.binary())


def _joined(pieces: Sequence[Argument], count: int) -> pa.BinaryArray:
    merged: list[Any] = []
    for piece in pieces:
        if merged and isinstance(piece, bytes) and isinstance(merged[-1], bytes):
            merged[-1] += piece
        else:
            merged.append(piece)
    if len(merged) == 1 and isinstance(merged[0], bytes):
        return pa.repeat(pa.scalar(merged[0], pa.binary()), count)
    return pc.binary_join_element_wise(*merged, b"")
