"""The engines that are measured, one file each, behind one small interface."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.measure import Usage


class RunFailedError(Exception):
    """An engine could not do a task; its figure is that it failed, and why."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one task over one recorded topic.

    `first_output_s` is the time from the command to the first committed record in the output topic.
    """

    usage: Usage
    first_output_s: float | None


class BenchEngine(Protocol):
    """An engine under measurement.

    `start` brings up whatever stays up between runs (a cluster); its time is not measured. `run`
    executes the SQL text, all variables filled in, until the bounded input is consumed; it watches
    `output_topic` for the first record, where the text writes one.
    """

    name: str
    settings: str

    def start(self, bootstrap: str, folder: Path) -> None:
        """Bring up what stays up between runs."""
        ...

    def run(self, sql: str, output_topic: str | None) -> Run:
        """Run the text to its end."""
        ...

    def stop(self) -> None:
        """End every process that was started."""
        ...
