"""The engines that are measured, one file each, behind one small interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from bench.job import Job
from bench.servers import Servers


class RunFailedError(Exception):
    """An engine could not do a task; its figure is that it failed, and why."""


class Running(Protocol):
    """A job that runs."""

    @property
    def pids(self) -> Sequence[int]:
        """Processes that were started for it."""
        ...

    def finished(self) -> bool:
        """Whether it has ended by itself; raises RunFailedError where it failed."""
        ...

    def end(self) -> None:
        """End it, and every process that was started for it."""
        ...


class BenchEngine(Protocol):
    """An engine under measurement.

    Attributes:
        name: as it stands in the tables.
        settings: in words.
        cannot: why it cannot do a task, by the task's name.
        exactly_once: whether it can write to Kafka in transactions with its positions.
        fair_exactly_once: whether it is measured so where only the rate counts: its default.
        ends: whether a bounded job ends by itself; else its output is watched.
        knows_end: whether it then gives what only the end of the input completes.
        closes_later_ms: by the task's name, how much later than the watermark demands an engine
            gives a row, where that is its rule.
        writes: whether it writes what the task asks for, to be checked; the floor does not.
        any_sql: whether it runs any Flink SQL text, also Nexmark's.
    """

    name: str
    settings: str
    cannot: Mapping[str, str]
    exactly_once: bool
    fair_exactly_once: bool
    ends: bool
    knows_end: bool
    closes_later_ms: Mapping[str, int]
    writes: bool
    any_sql: bool

    def start(self, servers: Servers, folder: Path) -> None:
        """Install what it needs and bring up what stays up between runs."""
        ...

    def pids(self) -> Sequence[int]:
        """The processes that stay up between runs."""
        ...

    def launch(self, job: Job) -> Running:
        """Begin a job."""
        ...

    def stop(self) -> None:
        """End every process that was started."""
        ...
