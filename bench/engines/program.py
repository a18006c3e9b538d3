"""A peer that is programmed: one program of ours with all tasks, in an environment of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.engines.process import ProcessRun
from bench.job import Job
from bench.servers import Servers

PROGRAMS = Path(__file__).parents[1] / "programs"


class Program:
    """What all of them share: nothing stays up between runs, a run is a process.

    A program gets one argument, the job as JSON (`bench.job.Job.write`).
    """

    name: str
    settings: str
    cannot: Mapping[str, str] = {}
    exactly_once = False
    fair_exactly_once = False
    ends = True
    knows_end = False
    closes_later_ms: Mapping[str, int] = {}
    writes = True
    any_sql = False

    def start(self, servers: Servers, folder: Path) -> None:
        """Install what the program needs."""
        del servers, folder
        self.install()

    def install(self) -> None:
        """Make the environment where it is missing."""
        raise AssertionError("every peer says how it is installed")

    def command(self, job: Job) -> Sequence[str | Path]:
        """The command, without the job's file."""
        raise AssertionError("every peer says how it is run")

    def environment(self, job: Job) -> Mapping[str, str] | None:
        """Variables of the process; None: those of this one."""
        del job
        return None

    def pids(self) -> Sequence[int]:
        """None."""
        return []

    def launch(self, job: Job) -> ProcessRun:
        """Start the program."""
        file = job.write()
        return ProcessRun(self.name, [*self.command(job), file], job.folder, self.environment(job))

    def stop(self) -> None:
        """Nothing stays up."""
