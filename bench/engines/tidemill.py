"""Tidemill's embedded engine, as a user runs it: `tidemill run FILE` as a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.engines.process import ProcessRun
from bench.job import Job
from bench.servers import Servers


class Tidemill:
    """The embedded engine with its defaults: exactly once, epochs of tens of milliseconds."""

    name = "Tidemill"
    settings = "defaults: exactly once"
    cannot: Mapping[str, str] = {}
    exactly_once = True
    fair_exactly_once = True
    ends = True
    knows_end = True
    closes_later_ms: Mapping[str, int] = {}
    writes = True
    any_sql = True

    def start(self, servers: Servers, folder: Path) -> None:
        """Nothing stays up between runs."""

    def pids(self) -> Sequence[int]:
        """None."""
        return []

    def launch(self, job: Job) -> ProcessRun:
        """Run the text in a fresh folder and process."""
        file = job.folder / "task.sql"
        file.write_text(self.text(job))
        program = Path(sys.executable).with_name("tidemill")
        return ProcessRun(self.name, [program, "run", file, "--json"], job.folder)

    def text(self, job: Job) -> str:
        """The task, unchanged."""
        return job.text

    def stop(self) -> None:
        """Nothing was started."""


class TidemillMarked(Tidemill):
    """What a task costs with the header that lets a reader check each message."""

    name = "Tidemill, with header"
    settings = "exactly once, 'sink.epoch-header' = 'true'"

    def text(self, job: Job) -> str:
        """The task with one option more in each Kafka sink."""
        guarantee = "'sink.delivery-guarantee'"
        return job.text.replace(guarantee, f"'sink.epoch-header' = 'true', {guarantee}")
