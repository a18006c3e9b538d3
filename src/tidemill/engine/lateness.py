"""How late rows are: counts by how much more watermark delay would have saved them.

A row that came `n` milliseconds too late is counted under the least bound that is not less than
`n`, so that what a delay of exactly a bound would have saved is known exactly, not estimated. The
counts are ordinary counters (`source.<table>.late_within.<bound_ms>`) and committed with the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tidemill.engine.batches import Int64s
from tidemill.engine.counters import Counters

_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000

BOUNDS_MS = (
    *(1, 2, 5, 10, 20, 50, 100, 200, 500),
    *(n * _SECOND for n in (1, 2, 3, 5, 7, 10, 15, 20, 30, 45)),
    *(n * _MINUTE for n in (1, 2, 3, 5, 7, 10, 15, 20, 30, 45)),
    *(n * _HOUR for n in (1, 2, 3, 4, 6, 8, 12, 18)),
    *(n * _DAY for n in (1, 2, 3, 5, 7, 10, 14, 30, 90, 365)),
)
"""Delays that a person would choose, ascending, in milliseconds."""

BEYOND = "more"
"""Stands for a bound where even the greatest one would not do."""

_BOUNDS = np.array(BOUNDS_MS, dtype=np.int64)


def count_late(counters: Counters, table: str, behind_us: Int64s) -> None:
    """Count late rows of a source.

    Args:
        counters: where.
        table: the source's name.
        behind_us: for each row the least further delay that had saved it, in microseconds.
    """
    behind_ms = -(-behind_us // 1000)
    places = np.searchsorted(_BOUNDS, behind_ms, side="left")
    for place, count in enumerate(np.bincount(places)):
        if count:
            bound = BOUNDS_MS[place] if place < len(BOUNDS_MS) else BEYOND
            counters.add(f"source.{table}.late_within.{bound}", int(count))


def late_within(counts: Mapping[str, int], table: str) -> dict[int | None, int]:
    """The counts of one source by bound in milliseconds, ascending; None stands for beyond."""
    prefix = f"source.{table}.late_within."
    found: dict[int | None, int] = {}
    for key, count in counts.items():
        bound = key.removeprefix(prefix)
        if bound != key and count:
            found[None if bound == BEYOND else int(bound)] = count
    return dict(sorted(found.items(), key=lambda item: (item[0] is None, item[0] or 0)))
