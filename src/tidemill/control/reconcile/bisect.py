"""Two keyed tables compared by sums of ranges, and those that differ cut down to their rows."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from tidemill.connectors.jdbc.keyed_sums import Key, KeyedRow, KeyedSums, KeyRange, RangeSum

PARTS = 16
LEAF_ROWS = 500


@dataclass(frozen=True, slots=True)
class Bisected:
    """The keys whose rows differ, the sums of all rows, and how much was read to find them.

    `ranges` counts sums of ranges (the first is of the whole table), `rows_read` single rows.
    """

    keys: tuple[Key, ...]
    left: RangeSum
    right: RangeSum
    ranges: int
    rows_read: int


def bisect(left: KeyedSums, right: KeyedSums) -> Bisected:
    """The differing keys, in no order; each side's snapshot has been taken."""
    whole = KeyRange()
    (of_left,), (of_right,) = left.sums(whole), right.sums(whole)
    found: list[Key] = []
    ranges, rows_read = 1, 0
    todo = [(whole, of_left, of_right)]
    while todo:
        part, one, two = todo.pop()
        if one == two:
            continue
        rows = max(one.rows, two.rows)
        # The side with more rows is cut, so that no part holds many of either.
        longer = left if one.rows >= two.rows else right
        cuts = [] if rows <= LEAF_ROWS else longer.cuts(part, rows, PARTS)
        if not cuts:
            a, b = left.within(part), right.within(part)
            rows_read += rows
            found += [key for key in a.keys() | b.keys() if _values(a, key) != _values(b, key)]
            continue
        edges = [part.low, *cuts, part.high]
        parts = [KeyRange(low, high) for low, high in itertools.pairwise(edges)]
        todo += zip(parts, left.sums(part, cuts), right.sums(part, cuts), strict=True)
        ranges += len(parts)
    return Bisected(tuple(found), of_left, of_right, ranges, rows_read)


def _values(rows: Mapping[Key, KeyedRow], key: Key) -> tuple[str | None, ...] | None:
    row = rows.get(key)
    return None if row is None else row.values
