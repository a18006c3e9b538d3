"""The progress of a running pipeline at one moment, as plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Progress:
    """Counters since the pipeline's first start, and where it stands now.

    `rows_late` came behind the watermark; `rows_dead_letter` could not be processed and are kept;
    `rows_filtered` did not pass a WHERE. `lag_rows` are known to wait in the sources; None where
    nobody knows. `watermark_ms` is event time; None before the first. `epoch` is the last one that
    was committed. `at_s` is a monotonic clock.
    """

    state: str
    at_s: float
    rows_in: int = 0
    rows_out: int = 0
    rows_late: int = 0
    rows_dead_letter: int = 0
    rows_filtered: int = 0
    lag_rows: int | None = None
    watermark_ms: int | None = None
    epoch: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The progress for `--json`; the clock, which means nothing outside, is left out."""
        values = asdict(self)
        del values["at_s"]
        return values


def rates(before: Progress, now: Progress) -> tuple[float, float]:
    """Rows in and rows out per second, between two moments."""
    seconds = max(now.at_s - before.at_s, 1e-9)
    return (now.rows_in - before.rows_in) / seconds, (now.rows_out - before.rows_out) / seconds
