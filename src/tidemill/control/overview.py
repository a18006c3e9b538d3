"""Use case: servers and pipelines at one look, with what is wrong first and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Literal

from tidemill.control.pipeline_states import PipelineState, pipeline_states
from tidemill.control.stack_status import ServerView, StackStatus
from tidemill.control.status import status
from tidemill.control.watermark_text import duration, held_by
from tidemill.project import Project
from tidemill.records import dataclass

LAG_S = 30.0
EPOCH_AGE_S = 60.0
MEMORY_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong; `kind` and `name` say of what, `todo` is what to do."""

    severity: Literal["error", "warning"]
    kind: Literal["server", "pipeline"]
    name: str
    message: str
    todo: str


@dataclass(frozen=True, slots=True)
class Overview:
    """All of a project."""

    project: str
    root: str
    stack: StackStatus
    pipelines: tuple[PipelineState, ...]
    problems: tuple[Problem, ...]

    def as_dict(self) -> dict[str, Any]:
        """For the API."""
        return {
            "project": self.project,
            "root": self.root,
            "problems": [asdict(problem) for problem in self.problems],
            "servers": self.stack.as_dict()["servers"],
            "memory_bytes": sum(one.memory_bytes or 0 for one in self.stack.servers),
            "pipelines": [state.as_dict() for state in self.pipelines],
        }


def overview(project: Project) -> Overview:
    """Look at everything now; never waits for a server."""
    stack, states = status(project.state_dir), pipeline_states(project)
    found = [p for server in stack.servers for p in _of_server(server)]
    found += [p for state in states for p in _of_pipeline(state)]
    found.sort(key=lambda problem: problem.severity != "error")
    return Overview(project.name, str(project.root), stack, tuple(states), tuple(found))


def _of_server(server: ServerView) -> Iterator[Problem]:
    if server.state == "failed":
        error = server.last_error or {}
        message = str(error.get("message") or "it failed")
        todo = str(error.get("hint") or f"Read its log: tidemill logs {server.name}")
        yield Problem("error", "server", server.name, message, todo)
    elif server.state == "restarting":
        todo = f"Read its log: tidemill logs {server.name}"
        yield Problem("warning", "server", server.name, "it died and is started again", todo)


def _of_pipeline(state: PipelineState) -> Iterator[Problem]:
    name = state.name
    error = str(state.number("error") or state.number("last_error") or "").strip()
    if state.state == "failed":
        first, _, rest = error.partition("\n")
        first = first.partition("]: ")[2] or first
        hint = next((line[6:] for line in rest.splitlines() if line.startswith("hint: ")), None)
        yield Problem("error", "pipeline", name, first or "it failed", hint or "Start it again.")
    elif state.state == "killed":
        todo = "Start it again: it goes on where its last epoch ended."
        yield Problem("error", "pipeline", name, "its process ended without a word", todo)
    elif state.state == "recovering":
        first = error.partition("\n")[0]
        yield Problem("warning", "pipeline", name, f"it recovers: {first}", "Look at its servers.")
    if state.number("rows_rejected"):
        count = state.number("rows_rejected")
        message = f"{count:,} rows were rejected and are in the dead letters"
        yield Problem("warning", "pipeline", name, message, "Read the reasons under Dead letters.")
    if not state.runs:
        return
    if state.lag_s is not None and state.lag_s > LAG_S:
        message = f"it is {duration(state.lag_s * 1000)} behind its sources"
        todo = "Look at which operator holds the most rows, and at the load of the machine."
        yield Problem("warning", "pipeline", name, message, todo)
    if state.epoch_age_s is not None and state.epoch_age_s > EPOCH_AGE_S and state.number("lag"):
        message = f"no epoch was committed for {duration(state.epoch_age_s * 1000)}"
        yield Problem("warning", "pipeline", name, message, "Look at the sinks' servers.")
    found = state.diagnosis()
    held = None if found is None else held_by(found)
    if held is not None:
        todo = "Set 'scan.watermark.idle-timeout' where a partition may stay silent."
        yield Problem("warning", "pipeline", name, f"event time waits: {held}", todo)
