"""Rows as messages that say whether each is added or withdrawn."""

from __future__ import annotations

from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.model import RowKind

Around: TypeAlias = tuple[bytes, bytes]
"""What stands before and behind a row in its message."""

NOTHING: Around = (b"", b"")
_WITHDRAWN = pa.array([RowKind.UPDATE_BEFORE, RowKind.DELETE], pa.int8())


def framed(
    rows: pa.BinaryArray, kinds: pa.Int8Array | None, added: Around, withdrawn: Around
) -> pa.BinaryArray:
    """The rows with `added` around +I and +U, and `withdrawn` around -U and -D."""
    if kinds is None:
        return _around(rows, added)
    is_withdrawn = pc.is_in(kinds, value_set=_WITHDRAWN)
    return pc.if_else(is_withdrawn, _around(rows, withdrawn), _around(rows, added))


def _around(rows: pa.BinaryArray, bounds: Around) -> pa.BinaryArray:
    if bounds == NOTHING:
        return rows
    return pc.binary_join_element_wise(bounds[0], rows, bounds[1], b"")
