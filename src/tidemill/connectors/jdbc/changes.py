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


def effective(rows: pa.Table, keys: Sequence[str], kinds: pa.Int8Array) -> pa.BooleanArray:
    """False for each -U that a later +U of its key replaces; any other -U is a deletion.

    A -U comes alone where a filter let only the old row pass, or where an update changed the key.
    """
    everything = pa.array(range(rows.num_rows), pa.int64())
    before = pc.equal(kinds, int(RowKind.UPDATE_BEFORE))
    if not pc.any(before).as_py():
        return pa.repeat(pa.scalar(True), rows.num_rows)
    names = [f"k{i}" for i in range(len(keys))]
    numbered = pa.table([rows[key] for key in keys] + [everything], names=[*names, "n"])
    after = numbered.filter(pc.equal(kinds, int(RowKind.UPDATE_AFTER)))
    newest = after.group_by(names, use_threads=False).aggregate([("n", "max")])
    pairs = numbered.filter(before).join(newest, names, join_type="inner", use_threads=False)
    replaced = pairs.filter(pc.less(pairs["n"], pairs["n_max"]))["n"].combine_chunks()
    return pc.invert(pc.is_in(everything, value_set=replaced))
