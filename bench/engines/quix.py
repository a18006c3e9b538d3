"""Quix Streams 3.28: Python, a row at a time, state in RocksDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.engines.process import say
from bench.engines.program import PROGRAMS, Program
from bench.environments import python_of
from bench.job import Job


class Quix(Program):
    """One process; its output is watched, for it knows no end of its input."""

    name = "Quix Streams 3.28"
    settings = "fetch.queue.backoff.ms=5, linger.ms=5, lz4, commits every 5 s (exactly once: 0.1 s)"
    # A session closes when the watermark has passed its last event and twice the gap.
    closes_later_ms: Mapping[str, int] = {"T4": 600_000}
    exactly_once = True
    ends = False

    def __init__(self) -> None:
        self._python = Path()

    def install(self) -> None:
        """Its environment."""
        self._python = python_of("quix", say)

    def command(self, job: Job) -> Sequence[str | Path]:
        """Its Python and our program."""
        del job
        return [self._python, PROGRAMS / "quix.py"]
