"""Tidemill's embedded engine, as a user runs it: `tidemill run FILE` as a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.engines.process import ProcessRun
from bench.job import Job
from bench.servers import Servers

RARE_EPOCHS = Path(__file__).parents[1] / "programs" / "rare_epochs.py"


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
        return ProcessRun(self.name, [*self.program(), "run", file, "--json"], job.folder)

    def program(self) -> Sequence[Path]:
        """What stands before the verb."""
        return [Path(sys.executable).with_name("tidemill")]

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


class TidemillRare(Tidemill):
    """What checkpoints cost: the same with one epoch, at the end."""

    name = "Tidemill, one checkpoint"
    settings = "exactly once, one epoch an hour"

    def program(self) -> Sequence[Path]:
        """A program of ours around `tidemill`."""
        return [Path(sys.executable), RARE_EPOCHS]
