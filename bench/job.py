"""One run of one task on one engine: which topics, how it reads, what it promises."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.servers import Servers
from bench.tasks.task import Task


@dataclass(frozen=True, slots=True)
class Job:
    """What an engine is told.

    Attributes:
        inputs: topic by the input's name.
        output: the topic that the rows go to; also a name that no other run has.
        bounded: whether to end with what is there, or to go on reading.
        exactly_once: whether the output is written in transactions with the positions.
        count: events of each input, where it is bounded.
        places: the file of the places that are looked up: `id,name` a line.
        folder: the run's own.
    """

    task: Task
    servers: Servers
    inputs: Mapping[str, str]
    output: str
    bounded: bool
    exactly_once: bool
    count: int
    places: Path
    folder: Path

    @property
    def text(self) -> str:
        """The Flink SQL text with all variables filled in."""
        values = {
            **self.inputs,
            "output": self.output,
            "bootstrap": self.servers.bootstrap,
            "bounded": "latest-offset" if self.bounded else "unbounded",
            "guarantee": "exactly-once" if self.exactly_once else "at-least-once",
            "places": f"places_{self.task.places}",
            "jdbc_url": self.servers.jdbc_url,
            "user": self.servers.user,
            "password": self.servers.password,
        }
        text = self.task.make_text()
        for name, value in values.items():
            text = text.replace("${var:" + name + "}", value)
        return text

    def write(self) -> Path:
        """The same for a peer's program, as JSON in the run's folder; returns the file."""
        file = self.folder / "job.json"
        body = {
            "task": self.task.name,
            "bootstrap": self.servers.bootstrap,
            "inputs": dict(self.inputs),
            "output": self.output,
            "bounded": self.bounded,
            "exactly_once": self.exactly_once,
            "count": self.count,
            "places": str(self.places),
            "places_topic": f"places-{self.task.places}",
            "folder": str(self.folder),
        }
        file.write_text(json.dumps(body), encoding="utf-8")
        return file
