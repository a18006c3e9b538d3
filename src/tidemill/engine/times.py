"""How long rows take through the engine, and how long its threads wait for the one behind them.

Counts since the engine was made, across its sessions. Each entry is written by one thread (a
reader, the compute thread, the committer's), so nothing is locked; somebody who looks from another
thread may see a moment in between.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from time import monotonic, time

from tidemill.engine.epoch_stats import Durations
from tidemill.records import dataclass

END_TO_END_BOUNDS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0, 3600.0)
"""Upper bounds of the end-to-end histogram's buckets, in seconds."""


def _end_to_end() -> Durations:
    return Durations(buckets=[0] * (len(END_TO_END_BOUNDS_S) + 1))


@dataclass(slots=True)
class EngineTimes:
    """By operator: its own work on a batch, or on event time that advanced, without what those
    behind it took. By source table: processing (a batch from the inbox through the whole plan),
    end to end (the newest record of a read, from the store's own time of it until its epoch was
    committed in every sink), and seconds that its reader waited since a full batch was waiting
    already. By commit group: seconds that the compute thread waited since its queue was full.
    """  # noqa: D205 - one sentence

    processing: dict[str, Durations] = field(default_factory=lambda: defaultdict(Durations))
    end_to_end: dict[str, Durations] = field(default_factory=lambda: defaultdict(_end_to_end))
    reader_blocked_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    writer_blocked_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    operators: dict[str, Durations] = field(default_factory=lambda: defaultdict(Durations))
    _inside_s: float = 0.0
    """What operators took inside the one that is measured now."""

    def copy(self) -> EngineTimes:
        """A picture of this moment; from any thread."""
        return EngineTimes(
            {name: one.copy() for name, one in list(self.processing.items())},
            {name: one.copy() for name, one in list(self.end_to_end.items())},
            dict(self.reader_blocked_s),
            dict(self.writer_blocked_s),
            {name: one.copy() for name, one in list(self.operators.items())},
        )

    @contextmanager
    def operator(self, name: str) -> Iterator[None]:
        """Measure an operator's own work; compute thread."""
        begun, outside_s, self._inside_s = monotonic(), self._inside_s, 0.0
        try:
            yield
        finally:
            took_s = monotonic() - begun
            self.operators[name].add(max(0.0, took_s - self._inside_s))
            self._inside_s = outside_s + took_s

    @contextmanager
    def processed(self, table: str) -> Iterator[None]:
        """Measure a batch of a table on its way through the plan."""
        begun = monotonic()
        yield
        self.processing[table].add(monotonic() - begun)

    def arrived(self, newest_ms: Mapping[str, deque[int]]) -> None:
        """An epoch is committed everywhere; `newest_ms` are the times of what it read."""
        now_s = time()
        for table, times in newest_ms.items():
            for at_ms in times:
                took_s = max(0.0, now_s - at_ms / 1000)
                self.end_to_end[table].add(took_s, END_TO_END_BOUNDS_S)
