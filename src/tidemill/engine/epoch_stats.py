"""How long epochs and the commits of sinks take: counts since the engine was made.

One epoch at most is being committed, and each commit group writes its own entry from its own
thread, so nothing is locked; a reader on another thread may see a moment in between.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field
from time import monotonic, time

from tidemill.records import dataclass

BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the histogram's buckets, in seconds; what took longer is in the last one."""


@dataclass(slots=True)
class Durations:
    """How often something was done, how long it took in all, and how that is distributed."""

    count: int = 0
    seconds: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))

    def copy(self) -> Durations:
        """The same numbers, which do not change any more."""
        return Durations(self.count, self.seconds, list(self.buckets))

    def add(self, seconds: float, bounds: Sequence[float] = BOUNDS_S) -> None:
        """Count one more; `bounds` are those that the buckets were made for."""
        self.count += 1
        self.seconds += seconds
        self.buckets[bisect_left(bounds, seconds)] += 1


@dataclass(slots=True)
class EpochStats:
    """Committed epochs; `failures` counts those that were begun and not completed.

    `committed_at_ms` is the wall clock at the last one; None before the first.
    """

    epochs: Durations = field(default_factory=Durations)
    sinks: dict[str, Durations] = field(default_factory=dict)
    failures: int = 0
    committed_at_ms: int | None = None
    _open: bool = False

    def copy(self) -> EpochStats:
        """A picture of this moment; from any thread."""
        sinks = {name: one.copy() for name, one in dict(self.sinks).items()}
        return EpochStats(self.epochs.copy(), sinks, self.failures, self.committed_at_ms)

    def begin(self) -> None:
        """An epoch's commit begins."""
        self._open = True

    def end(self, seconds: float) -> None:
        """The epoch is complete everywhere."""
        self._open = False
        self.epochs.add(seconds)
        self.committed_at_ms = round(time() * 1000)

    def abandon(self) -> None:
        """The session has failed: an epoch that was being committed was not completed."""
        self.failures += self._open
        self._open = False

    @contextmanager
    def sink(self, group: str) -> Iterator[None]:
        """Measure one commit of a group, if it succeeds."""
        begun = monotonic()
        yield
        self.sinks.setdefault(group, Durations()).add(monotonic() - begun)
