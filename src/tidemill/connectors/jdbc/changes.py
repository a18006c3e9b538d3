"""What a run of changes comes to: for each key, its last change."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.model import RowKind


def last_per_key(rows: pa.Table, keys: Sequence[str]) -> pa.Int64Array:
    """Indices of each key's last row, ascending."""
    if rows.num_rows <= 1:
        return pa.array(range(rows.num_rows), pa.int64())
    numbered = pa.table(
        [rows[key] for key in keys] + [pa.array(range(rows.num_rows), pa.int64())],
        names=[f"k{i}" for i in range(len(keys))] + ["n"],
    )
    grouped = numbered.group_by(numbered.column_names[:-1], use_threads=False)
    last = grouped.aggregate([("n", "max")])["n_max"].combine_chunks()
    return last.take(pc.array_sort_indices(last))


def rows_of_keys(rows: pa.Table, keys: Sequence[str], wanted: pa.Table) -> pa.Int64Array:
    """Indices of the rows whose key is one of those in `wanted`, ascending."""
    names = [f"k{i}" for i in range(len(keys))]
    left = pa.table(
        [rows[key] for key in keys] + [pa.array(range(rows.num_rows), pa.int64())],
        names=[*names, "n"],
    )
    right = pa.table([wanted[key] for key in keys], names=names)
    found = left.join(right, names, join_type="left semi", use_threads=False)["n"].combine_chunks()
    return found.take(pc.array_sort_indices(found))


def without(kinds: pa.Int8Array, kind: RowKind) -> pa.BooleanArray:
    """True for the rows that are not of this kind."""
    return pc.not_equal(kinds, pa.scalar(int(kind), pa.int8()))
