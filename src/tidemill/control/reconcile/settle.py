"""Which of the rows that seem to differ do: those that were only on their way are left out.

A row was written after the snapshot, or its change has not come through yet: then it differs for a
moment. It agrees once the sink is seen with the values that the source has; or, where the pipeline
had come up to a look at the source, with values that the source had at that look or later. (A row
that is written again and again is never seen with the same values on both sides.) It differs once
the source holds the same version of it before and after a look at the sink, and the pipeline had
come, before that look, up to where that version stands in the log; twice, to be sure.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from tidemill.connectors.jdbc.keyed_sums import Key, KeyedRow, values_of
from tidemill.control.reconcile.side import Side
from tidemill.records import dataclass

SEEN_TWICE = 2
ROUNDS_MAX = 10
"""So often a row may change between two looks at it before nobody can judge it."""
_PAUSE_S = 0.2

Pair = tuple[KeyedRow | None, KeyedRow | None]
"""The row of the source and that of the sink."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Rows that differ; keys that changed all the time; how many rows were looked at again."""

    differ: dict[Key, Pair]
    unsettled: tuple[Key, ...]
    looked_again: int


def settle(
    source: Side,
    sink: Side,
    keys: Sequence[Key],
    passed: Callable[[int], bool],
    wait_s: float,
) -> Settled:
    """Look at rows again until each is settled, or the time is over.

    Args:
        source: the table that is right; no snapshot is open.
        sink: the table that is looked at; no snapshot is open.
        keys: of the rows.
        passed: whether the pipeline has brought the sink up to a place in the source's log.
        wait_s: how long to look.
    """
    open_keys, differ = list(keys), dict[Key, Pair]()
    times_seen: dict[Key, int] = {}
    deadline = time.monotonic() + wait_s
    rounds = 0
    while open_keys and rounds < ROUNDS_MAX and time.monotonic() < deadline:
        rounds += 1
        before, lsn = _look(source, open_keys)
        had = {key: {values_of(before.get(key))} for key in open_keys}
        through = False
        while open_keys and not through and time.monotonic() < deadline:
            through = passed(lsn)
            found = _look(sink, open_keys)[0] if through or not sink.costly else None
            after, _ = _look(source, open_keys)
            for key in open_keys:
                had[key].add(values_of(after.get(key)))
            if found is not None:
                open_keys = [
                    key
                    for key in open_keys
                    if values_of(found.get(key))
                    not in (had[key] if through else (values_of(after.get(key)),))
                ]
            if found is None or not through:
                time.sleep(_PAUSE_S)
                continue
            for key in open_keys:
                if before.get(key) == after.get(key):
                    times_seen[key] = times_seen.get(key, 0) + 1
                    differ[key] = (after.get(key), found.get(key))
            open_keys = [key for key in open_keys if times_seen.get(key, 0) < SEEN_TWICE]
        time.sleep(_PAUSE_S)
    sure = {key: pair for key, pair in differ.items() if times_seen[key] >= SEEN_TWICE}
    return Settled(sure, tuple(open_keys), len(keys))


def _look(table: Side, keys: Sequence[Key]) -> tuple[dict[Key, KeyedRow], int]:
    table.begin()
    try:
        return table.of(keys), table.lsn
    finally:
        table.end()
