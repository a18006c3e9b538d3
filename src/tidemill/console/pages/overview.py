"""Overview: what is wrong first, then pipelines and servers."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.pages.pipelines import COLUMNS, pipeline_row
from tidemill.console.parts.actions import load
from tidemill.console.parts.frame import frame
from tidemill.console.parts.numbers import length, size
from tidemill.console.parts.tables import Column, put, table
from tidemill.control.overview import Overview, Problem, overview
from tidemill.control.stack_status import ServerView

PATH = "/overview"
_SERVERS = (
    Column("name", "Server"),
    Column("state", "State", state=True),
    Column("address", "Address", code=True),
    Column("memory", "Memory", number=True),
    Column("uptime", "Up", number=True),
    Column("restarts", "Restarts", number=True),
)


def add(hub: Hub) -> None:
    """Add the page."""

    @ui.page(PATH)
    async def page() -> None:
        with frame(hub, "Overview", PATH):
            problems = ui.column().classes("problems")
            ui.label("Pipelines").classes("section")
            pipelines = table(
                COLUMNS, [], label="Pipelines",
                empty="No pipeline yet. Put a .sql file where tidemill.yaml says.",
            )  # fmt: skip
            ui.label("Servers").classes("section")
            servers = table(
                _SERVERS, [], label="Servers", empty="No server was started here. Run: tidemill up"
            )
            shown: list[Problem] = []

            async def refresh() -> None:
                now = await load(lambda: overview(hub.project))
                if now is not None:
                    _show(now)

            def _show(now: Overview) -> None:
                if shown != list(now.problems) or not problems.default_slot.children:
                    shown[:] = now.problems
                    problems.clear()
                    with problems:
                        _problems(now)
                put(pipelines, [pipeline_row(state) for state in now.pipelines])
                put(servers, [_server_row(server) for server in now.stack.servers])

            await refresh()
            ui.timer(1.0, refresh)


def _problems(now: Overview) -> None:
    if not now.problems:
        running = sum(state.runs for state in now.pipelines)
        ready = sum(server.state == "ready" for server in now.stack.servers)
        ui.label(
            f"Nothing is wrong: {running} of {len(now.pipelines)} pipelines run, "
            f"{ready} of {len(now.stack.servers)} servers are ready."
        ).classes("all-well")
    for problem in now.problems:
        with ui.row().classes(f"problem {problem.severity}").props("role=alert"):
            ui.icon("error" if problem.severity == "error" else "warning")
            if problem.kind == "pipeline":
                ui.link(problem.name, f"/pipelines/{quote(problem.name, safe='')}")
            else:
                ui.label(problem.name).classes("subject")
            ui.label(problem.message).classes("what")
            ui.label(problem.todo).classes("todo")


def _server_row(server: ServerView) -> dict[str, Any]:
    return {
        "name": server.name,
        "state": server.state,
        "address": ", ".join(f"127.0.0.1:{port}" for port in server.ports.values()),
        "memory": size(server.memory_bytes),
        "memory_n": server.memory_bytes,
        "uptime": length(server.uptime_s),
        "uptime_n": server.uptime_s,
        "restarts": server.restarts,
        "restarts_n": server.restarts,
    }
