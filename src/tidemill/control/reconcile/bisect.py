"""Two keyed tables compared by sums of ranges, and those that differ cut down to their rows."""

from __future__ import annotations

import itertools

from tidemill.connectors.jdbc.keyed_sums import Key, KeyRange, RangeSum, values_of
from tidemill.control.reconcile.side import Side
from tidemill.records import dataclass

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


def bisect(left: Side, right: Side, of_left: RangeSum, of_right: RangeSum) -> Bisected:
    """The differing keys, in no order; each side's snapshot, and the sum of its rows, are taken."""
    found: list[Key] = []
    ranges, rows_read = 1, 0
    todo = [(KeyRange(), of_left, of_right)]
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
            keys = a.keys() | b.keys()
            found += [key for key in keys if values_of(a.get(key)) != values_of(b.get(key))]
            continue
        edges = [part.low, *cuts, part.high]
        parts = [KeyRange(low, high) for low, high in itertools.pairwise(edges)]
        todo += zip(parts, left.sums(part, cuts), right.sums(part, cuts), strict=True)
        ranges += len(parts)
    return Bisected(tuple(found), of_left, of_right, ranges, rows_read)
