"""Bytewax 0.21: Python operators on a Rust engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.engines.process import say
from bench.engines.program import PROGRAMS, Program
from bench.environments import python_of
from bench.job import Job


class Bytewax(Program):
    """One worker: the topic has one partition."""

    name = "Bytewax 0.21"
    settings = "1 worker, batches of 10,000 (latency: 1,000), fetch.queue.backoff.ms=5, lz4"
    cannot: Mapping[str, str] = {
        "T5": "it has no interval join: `join_window` joins within one window only"
    }

    def __init__(self) -> None:
        self._python = Path()

    def install(self) -> None:
        """Its environment."""
        self._python = python_of("bytewax", say)

    def command(self, job: Job) -> Sequence[str | Path]:
        """Its Python and our program."""
        del job
        return [self._python, PROGRAMS / "bytewax_.py"]
