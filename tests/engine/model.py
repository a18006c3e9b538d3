"""Flink's window semantics row by row, in the plainest Python: what the engine is held against."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Window:
    size_ms: int
    slide_ms: int
    offset_ms: int = 0
    cumulates: bool = False

    def ends(self, time_ms: int) -> list[int]:
        """All windows that hold a time, by their end."""
        if self.cumulates:
            first = time_ms - (time_ms - self.offset_ms) % self.size_ms
            steps = range(first + self.slide_ms, first + self.size_ms + 1, self.slide_ms)
            return [end for end in steps if end > time_ms]
        start = time_ms - (time_ms - self.offset_ms) % self.slide_ms
        ends = []
        while start + self.size_ms > time_ms:
            ends.append(start + self.size_ms)
            start -= self.slide_ms
        return sorted(ends)


@dataclass(frozen=True)
class Row:
    time_ms: int
    key: int | None
    value: int | None
    weight: int = 1


def windows(
    rows: list[Row], window: Window, delay_ms: int
) -> tuple[list[tuple[int, Any, list[tuple[int | None, int]]]], int]:
    """(window end, key, [(value, weight)]) in order of emission, and the count of late rows."""
    watermark = -(10**15)
    open_: dict[int, dict[Any, list[tuple[int | None, int]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    out: list[tuple[int, Any, list[tuple[int | None, int]]]] = []
    late = 0

    def fire() -> None:
        for end in sorted(open_):
            if end - 1 <= watermark:
                groups = open_.pop(end)
                for key in sorted(groups, key=lambda k: (k is None, k or 0)):
                    out.append((end, key, groups[key]))

    for row in rows:
        alive = [end for end in window.ends(row.time_ms) if end - 1 > watermark]
        late += not alive
        for end in alive:
            open_[end][row.key].append((row.value, row.weight))
        watermark = max(watermark, row.time_ms - delay_ms)
        fire()
    watermark = 10**15
    fire()
    return out, late


def sessions(
    rows: list[Row], gap_ms: int, delay_ms: int
) -> tuple[list[tuple[int, int, Any, list[tuple[int | None, int]]]], int]:
    """(start, end, key, [(value, weight)]) in order of emission, and the count of late rows."""
    watermark = -(10**15)
    open_: list[tuple[int, int, Any, list[tuple[int | None, int]]]] = []
    out: list[tuple[int, int, Any, list[tuple[int | None, int]]]] = []
    late = 0

    def fire() -> None:
        ended = [s for s in open_ if s[1] - 1 <= watermark]
        open_[:] = [s for s in open_ if s[1] - 1 > watermark]
        out.extend(sorted(ended, key=lambda s: s[1]))

    for row in rows:
        start, end, values = row.time_ms, row.time_ms + gap_ms, [(row.value, row.weight)]
        near = [s for s in open_ if s[2] == row.key and s[0] <= end and s[1] >= start]
        for other in near:
            open_.remove(other)
            start, end = min(start, other[0]), max(end, other[1])
            values = [*other[3], *values]
        if end - 1 <= watermark:
            late += 1
        else:
            open_.append((start, end, row.key, values))
        watermark = max(watermark, row.time_ms - delay_ms)
        fire()
    watermark = 10**15
    fire()
    return out, late
