"""Row accounting: flat named counters, committed with the epoch.

`engine.accounting` says which counters there are and how they must add up. An edge that unnests or
puts rows into several windows counts one of `expanded` and `filtered`: by how many rows more or
fewer came out of a batch; a node with several inputs has `<node>.in.<input>` as well as `in`.
Written by the compute thread only; `copy` may be taken from there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping


class Counters:
    """Counts by name; a name never counted is 0."""

    def __init__(self, start: Mapping[str, int] | None = None) -> None:
        self._counts: defaultdict[str, int] = defaultdict(int, start or {})

    def add(self, name: str, by: int = 1) -> None:
        """Count."""
        if by:
            self._counts[name] += by

    def passed(self, node: str, rows: int, out: int) -> None:
        """Count what came out of so many good rows of a batch."""
        self.add(f"{node}.out", out)
        self.add(f"{node}.filtered", max(rows - out, 0))
        self.add(f"{node}.expanded", max(out - rows, 0))

    def copy(self) -> dict[str, int]:
        """All counts now."""
        return dict(self._counts)

    def total(self, prefix: str, suffix: str) -> int:
        """Sum of the counters `<prefix>....<suffix>`."""
        return total(self._counts, prefix, suffix)


def total(counts: Mapping[str, int], prefix: str, suffix: str) -> int:
    """Sum of the counters that start and end like this."""
    items = list(counts.items())
    return sum(n for key, n in items if key.startswith(prefix) and key.endswith(suffix))
