"""Debezium's placeholder for a large value that did not change and that the log does not hold.

Postgres leaves such values (TOAST) out of the log of a table without REPLICA IDENTITY FULL, and
Debezium writes a constant in their place. Here it is never taken for a value: an update's row after
gets the value of its row before; where that has none either, the message is rejected. Flink passes
the constant on as text.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tidemill.model import RowKind, Schema

_PLACEHOLDER = "__debezium_unavailable_value"


def filled(
    schema: Schema, arrays: Sequence[pa.Array], kinds: npt.NDArray[np.int8]
) -> tuple[list[pa.Array], dict[int, tuple[str, str]]]:
    """The columns without placeholders, and the rows whose value is not known.

    An update's row before (-U) stands just in front of its row after (+U).
    """
    made: list[pa.Array] = []
    wrong: dict[int, tuple[str, str]] = {}
    for column, array in zip(schema.columns, arrays, strict=True):
        absent = _absent(array)
        if not absent.any():
            made.append(array)
            continue
        rows = np.flatnonzero(absent)
        after = rows[kinds[rows] == RowKind.UPDATE_AFTER]
        known = after[~absent[after - 1]]
        source = np.arange(len(array))
        source[known] = known - 1
        made.append(array.take(pa.array(source)))
        text = (
            f"the value of `{column.name}` is large, did not change, and is not in the log (TOAST);"
            " run ALTER TABLE ... REPLICA IDENTITY FULL on its table"
        )
        for row in np.setdiff1d(rows, known).tolist():
            wrong.setdefault(row, ("format.value-unavailable", text))
    return made, wrong


def _absent(array: pa.Array) -> npt.NDArray[np.bool_]:
    """Where the placeholder stands: as text, as bytes, or as the only item of an array."""
    nothing = np.zeros(len(array), np.bool_)
    if pa.types.is_list(array.type):
        items = _absent(array.flatten())
        if not items.any():
            return nothing
        parents = pc.list_parent_indices(array).to_numpy(zero_copy_only=False)
        nothing[parents[items]] = True
        return nothing
    if not (pa.types.is_string(array.type) or pa.types.is_binary(array.type)):
        return nothing
    found = pc.equal(array, pa.scalar(_PLACEHOLDER, pa.string()).cast(array.type))
    absent: npt.NDArray[np.bool_] = found.fill_null(False).to_numpy(zero_copy_only=False)
    return absent
