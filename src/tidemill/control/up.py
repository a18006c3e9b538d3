"""Use case `up`: the servers of a project run and are ready.

Guarantees: when it returns, every named server and all that they need are truly ready. Called twice
at once, both calls give the same servers. What runs already is left alone. On failure it raises a
ServiceError that names the server; other servers go on running until `down`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from tidemill.control.stack_status import StackStatus, stack_status
from tidemill.records import dataclass
from tidemill.services.install import InstallProgress, install
from tidemill.services.processes import memory_bytes
from tidemill.services.registry import SERVICES, settings_of, with_dependencies
from tidemill.services.settings import ServerSettings, parse_settings
from tidemill.services.state import state_folder
from tidemill.services.supervisor import client
from tidemill.services.supervisor.status import ServerState, ServerStatus, SupervisorStatus


@dataclass(frozen=True, slots=True)
class StackEvent:
    """Something that a person who waits wants to see.

    `kind` says which of the other fields are set: downloading (files and bytes, done and total),
    waiting (another process downloads), making (a Python environment: `message`, its packages as
    files), starting, ready (`seconds` and `memory_bytes`), failed and note (`message`).
    """

    kind: Literal["downloading", "waiting", "making", "starting", "ready", "failed", "note"]
    server: str | None = None
    message: str | None = None
    seconds: float | None = None
    memory_bytes: int | None = None
    files_done: int = 0
    files_total: int = 0
    bytes_done: int = 0
    bytes_total: int = 0


Progress = Callable[[StackEvent], None]


def up(
    state_dir: Path,
    services: Sequence[str],
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    progress: Progress | None = None,
    *,
    tie_to_caller: bool = False,
) -> StackStatus:
    """Start servers and wait until they are ready; raises ServiceError.

    Args:
        state_dir: the project's `.tidemill` folder; made where it is missing.
        services: names of servers; those that they need are added.
        settings: by server: `port`, `heap_mb`, `properties`, `start_timeout_s`.
        progress: told what happens; may be called from several threads, one at a time.
        tie_to_caller: the servers stop when this process ends, however it ends. Without effect
            where they run already.
    """
    names = with_dependencies(list(services))
    wanted = {name: _patient(name, settings_of(name, settings or {})) for name in names}
    report = progress or (lambda _: None)
    folder = state_folder(state_dir).make()
    install([entry for name in names for entry in SERVICES[name].installs], download_events(report))
    for environment in dict.fromkeys(getattr(SERVICES[n], "environment", None) for n in names):
        if environment is not None:
            _make(environment, report)
    launched = not client.is_supervised(folder)
    try:
        narrator = _Narrator(report, names)
        owner_pid = os.getpid() if tie_to_caller else None
        said = client.start(folder, wanted, narrator, owner_pid=owner_pid)
    except KeyboardInterrupt:
        if launched:
            client.stop(folder)
        raise
    return stack_status(folder, said, alive=client.is_supervised(folder))


def _patient(name: str, given: Mapping[str, Any]) -> ServerSettings:
    """The settings, with never less time to start than the server needs on a slow machine."""
    settings = parse_settings(name, given)
    least_s: float = getattr(SERVICES[name], "start_timeout_min_s", 0.0)
    return replace(settings, start_timeout_s=max(settings.start_timeout_s, least_s))


def _make(environment: str, report: Progress) -> None:
    """The Python environment that a server runs in is there."""
    from tidemill.control.environments import ensure_environment  # noqa: PLC0415 - it tells events

    ensure_environment(environment, report)


class _Narrator:
    """Turns what the supervisor says into events, each told once."""

    def __init__(self, report: Progress, names: Sequence[str]) -> None:
        self._report = report
        self._names = names
        self._told: set[tuple[str, str]] = set()

    def __call__(self, said: SupervisorStatus) -> None:
        for name in self._names:
            server = said.servers.get(name)
            if server is None:
                continue
            for note in server.notes:
                self._tell(StackEvent("note", name, note), note)
            if server.state in (ServerState.PREPARING, ServerState.STARTING):
                self._tell(StackEvent("starting", name), "starting")
            elif server.state is ServerState.READY:
                self._tell(_ready(server), "ready")
            elif server.state is ServerState.FAILED:
                message = (server.last_error or {}).get("message")
                self._tell(StackEvent("failed", name, message), "failed")

    def _tell(self, event: StackEvent, what: str) -> None:
        if (event.server or "", what) not in self._told:
            self._told.add((event.server or "", what))
            self._report(event)


def _ready(server: ServerStatus) -> StackEvent:
    memory = memory_bytes(server.process) if server.process else None
    seconds = server.started_ms / 1000 if server.started_ms is not None else None
    return StackEvent("ready", server.name, seconds=seconds, memory_bytes=memory)


def download_events(report: Progress) -> Callable[[InstallProgress], None]:
    """Tell of an installation as events of the stack."""

    def tell(at: InstallProgress) -> None:
        report(
            StackEvent(
                "waiting" if at.waiting else "downloading",
                files_done=at.files_done,
                files_total=at.files_total,
                bytes_done=at.bytes_done,
                bytes_total=at.bytes_total,
            )
        )

    return tell
