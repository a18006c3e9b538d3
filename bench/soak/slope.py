"""How much a reading grows an hour: least squares, its confidence interval, and what that means.

Readings that follow each other are not independent, so they are averaged into blocks first, and the
interval is that of the line through the blocks.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

BLOCKS = 30
CONFIDENCE = 0.95

Verdict = Literal["PASS", "FAIL", "UNSURE"]


@dataclass(frozen=True, slots=True)
class Slope:
    """Growth an hour, and the interval in which it lies with 95 % confidence."""

    per_h: float
    low: float
    high: float

    def verdict(self, limit_per_h: float) -> Verdict:
        """PASS: not over the limit; FAIL: over it, and it grows; UNSURE: it may not grow at all.

        The last is noise that is larger than the limit: readings over a longer time tell.
        """
        if self.per_h <= limit_per_h:
            return "PASS"
        return "FAIL" if self.low > 0 else "UNSURE"


def slope(at_s: Sequence[float], values: Sequence[float]) -> Slope:
    """The line through readings at these seconds; at least four of them."""
    if len(at_s) < 4:
        raise ValueError("a slope needs four readings at least")
    x = [s / 3600 for s in _blocks(at_s)]
    y = _blocks(values)
    per_h, start = statistics.linear_regression(x, y)
    mean = statistics.fmean(x)
    spread = sum((one - mean) ** 2 for one in x)
    rest = sum((b - start - per_h * a) ** 2 for a, b in zip(x, y, strict=True))
    free = len(x) - 2
    error = _student(free) * math.sqrt(rest / free / spread)
    return Slope(per_h, per_h - error, per_h + error)


def _blocks(values: Sequence[float]) -> list[float]:
    """At most BLOCKS means of equally many that follow each other; the rest goes to the last."""
    size = max(1, len(values) // BLOCKS)
    count = len(values) // size
    ends = [*(i * size for i in range(1, count)), len(values)]
    starts = [0, *ends[:-1]]
    return [statistics.fmean(values[a:b]) for a, b in zip(starts, ends, strict=True)]


def _student(free: int) -> float:
    """The two-sided quantile of Student's t: exact for 1 and 2, else by Cornish and Fisher."""
    p = 0.5 + CONFIDENCE / 2
    if free == 1:
        return math.tan(math.pi * (p - 0.5))
    if free == 2:
        return (2 * p - 1) * math.sqrt(2 / (4 * p * (1 - p)))
    z = statistics.NormalDist().inv_cdf(p)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + sum(term / free**power for power, term in enumerate(terms, 1))
