"""Pathway 0.33: a Python API on a Rust engine of incremental dataflows."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.engines.process import say
from bench.engines.program import PROGRAMS, Program
from bench.environments import python_of
from bench.job import Job


class Pathway(Program):
    """One worker; its output is watched, for in streaming mode it knows no end of its input."""

    name = "Pathway 0.33"
    settings = "1 worker, commits every 100 ms (latency: 10 ms), fetch.queue.backoff.ms=5, lz4"
    cannot: Mapping[str, str] = {
        "T4": "its session windows give every change of a session, not sessions that ended"
    }
    ends = False

    def __init__(self) -> None:
        self._python = Path()

    def install(self) -> None:
        """Its environment."""
        self._python = python_of("pathway", say)

    def command(self, job: Job) -> Sequence[str | Path]:
        """Its Python and our program."""
        del job
        return [self._python, PROGRAMS / "pathway_.py"]

    def environment(self, job: Job) -> Mapping[str, str]:
        """One worker, and no telemetry."""
        del job
        return {**os.environ, "PATHWAY_THREADS": "1", "PATHWAY_TELEMETRY_SERVER": ""}
