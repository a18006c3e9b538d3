"""Two tables with the same columns compared by checksums: of all rows, then of each.

A row's checksum is DuckDB's 64-bit hash of its values; a table's is the sum of its rows', so order
does not count and duplicates do. Where the tables' differ, rows are matched by key (without one, as
a whole). Equal sums of different tables are as likely as a collision of 64 bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from tidemill.model import RowKind
from tidemill.records import dataclass

SHOWN_MAX = 20
_ADDED = pa.array([RowKind.INSERT, RowKind.UPDATE_AFTER], pa.int8())


@dataclass(frozen=True, slots=True)
class Differences:
    """Keys (or whole rows) that are missing, that nobody expects, and whose other columns differ.

    At most `SHOWN_MAX` of each are listed; the counts are of all.
    """

    missing: int
    unexpected: int
    different: int
    missing_rows: tuple[dict[str, Any], ...] = ()
    unexpected_rows: tuple[dict[str, Any], ...] = ()
    different_rows: tuple[dict[str, Any], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.unexpected or self.different)


@dataclass(frozen=True, slots=True)
class Sums:
    """What stands for one table: its rows and the sum of their checksums."""

    rows: int
    checksum: str


def row_checksums(rows: pa.Table) -> pa.UInt64Array:
    """The checksum of each row, in order."""
    if rows.num_rows == 0:
        return pa.array([], pa.uint64())
    plain = pa.table(
        [_plain(column) for column in rows.columns],
        names=[f"c{index}" for index in range(rows.num_columns)],
    )
    columns = [duckdb.ColumnExpression(name) for name in plain.column_names]
    with duckdb.connect() as connection:
        relation = connection.from_arrow(plain)
        hashes = relation.select(duckdb.FunctionExpression("hash", *columns).alias("h"))
        return hashes.to_arrow_table().column(0).combine_chunks()


def sums(rows: pa.Table) -> Sums:
    """The number of rows and their checksum."""
    total = sum(int(h) for h in row_checksums(rows).to_pylist()) % (1 << 64)
    return Sums(rows.num_rows, f"{total:016x}")


def differences(expected: pa.Table, found: pa.Table, keys: Sequence[str]) -> Differences:
    """What differs, row by row; nothing where the checksums are equal."""
    if sums(expected) == sums(found):
        return Differences(0, 0, 0)
    keys = list(keys)
    left, right = _hashed(expected, keys), _hashed(found, keys)
    matched = ["key", "nth"] if not keys else ["key"]
    missing = left.join(right, matched, join_type="left anti")
    unexpected = right.join(left, matched, join_type="left anti")
    both = left.join(right, matched, join_type="inner", right_suffix="_found")
    other = both.filter(pc.not_equal(both["hash"], both["hash_found"]))
    return Differences(
        missing.num_rows,
        unexpected.num_rows,
        other.num_rows,
        _shown(expected, missing["at"]),
        _shown(found, unexpected["at"]),
        _pairs(expected, found, other, keys),
    )


def last_by_key(rows: pa.Table, kinds: pa.ChunkedArray, keys: Sequence[str]) -> pa.Table:
    """The last row of each key, without the keys whose last change is a withdrawal."""
    numbered = pa.table(
        [*(rows[key] for key in keys), pa.array(range(rows.num_rows), pa.int64())],
        names=[*(f"k{i}" for i in range(len(keys))), "n"],
    )
    grouped = numbered.group_by(numbered.column_names[:-1]).aggregate([("n", "max")])
    last = grouped["n_max"].combine_chunks()
    return rows.take(last.filter(pc.is_in(kinds.take(last), value_set=_ADDED).combine_chunks()))


def left_over(rows: pa.Table, kinds: pa.ChunkedArray, keys: Sequence[str]) -> pa.Table:
    """The rows as often as they were added more than withdrawn."""
    added = pc.is_in(kinds, value_set=_ADDED)
    if pc.all(added).as_py():
        return rows
    sign = pc.if_else(added, pa.scalar(1, pa.int64()), pa.scalar(-1, pa.int64()))
    counted = pa.table(
        {
            "h": row_checksums(rows),
            "s": sign,
            "n": pa.array(range(rows.num_rows), pa.int64()),
        }
    )
    grouped = counted.group_by("h").aggregate([("s", "sum"), ("n", "min")])
    positions = [
        n
        for n, count in zip(grouped["n_min"].to_pylist(), grouped["s_sum"].to_pylist(), strict=True)
        for _ in range(count)
    ]
    return rows.take(pa.array(positions, pa.int64()))


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """As DuckDB hashes it: instants as integers (their zone says nothing), -0.0 as 0.0."""
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.int64())
    if pa.types.is_floating(column.type):
        return pc.add(column, pa.scalar(0.0, column.type))
    return column


def _hashed(rows: pa.Table, keys: list[str]) -> pa.Table:
    """For each row its key's checksum (the whole row's without a key), its own, and its index."""
    own = row_checksums(rows)
    at = pa.array(range(rows.num_rows), pa.int64())
    key = row_checksums(rows.select(keys)) if keys else own
    columns = {"key": key, "hash": own, "at": at}
    if not keys:
        columns["nth"] = _nth(own)
    return pa.table(columns)


def _nth(hashes: pa.UInt64Array) -> pa.Int64Array:
    """How many equal ones stand before each, so that duplicates are matched one by one."""
    seen: dict[int, int] = {}
    found = []
    for value in hashes.to_pylist():
        found.append(seen.get(value, 0))
        seen[value] = found[-1] + 1
    return pa.array(found, pa.int64())


def _shown(rows: pa.Table, at: pa.ChunkedArray) -> tuple[dict[str, Any], ...]:
    first = at.combine_chunks().sort().slice(0, SHOWN_MAX)
    return tuple(rows.take(first).to_pylist())


def _pairs(
    expected: pa.Table, found: pa.Table, other: pa.Table, keys: list[str]
) -> tuple[dict[str, Any], ...]:
    """The keys that differ, with `column: (expected, found)` for each column that does."""
    first = other.sort_by("at").slice(0, SHOWN_MAX)
    pairs = zip(
        expected.take(first["at"]).to_pylist(), found.take(first["at_found"]).to_pylist(),
        strict=True,
    )  # fmt: skip
    return tuple(
        {
            **{key: one[key] for key in keys},
            **{name: (one[name], two[name]) for name in one if one[name] != two[name]},
        }
        for one, two in pairs
    )
