"""The servers of a project as plain data; `as_dict` is the stable schema of `status --json`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tidemill.records import dataclass
from tidemill.services.processes import memory_bytes
from tidemill.services.state import StateFolder
from tidemill.services.supervisor.status import ServerState, ServerStatus, SupervisorStatus

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class ServerView:
    """One server.

    `state` is one of waiting, preparing, starting, ready, restarting, stopping, stopped, failed.
    `started_ms` is how long its start took; `memory_bytes` is that of its process and all below it;
    `last_error` has code, message, file, detail and hint.
    """

    name: str
    state: str
    pid: int | None
    ports: Mapping[str, int]
    memory_bytes: int | None
    uptime_s: float | None
    started_ms: int | None
    restarts: int
    log: str
    last_error: Mapping[str, Any] | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StackStatus:
    """All servers that were asked for since the supervisor started."""

    running: bool
    state_dir: str
    supervisor_pid: int | None
    servers: tuple[ServerView, ...]

    @property
    def healthy(self) -> bool:
        """Whether there are servers and every one is ready."""
        return bool(self.servers) and all(server.state == "ready" for server in self.servers)

    def server(self, name: str) -> ServerView | None:
        """One server by name."""
        return next((server for server in self.servers if server.name == name), None)

    def as_dict(self) -> dict[str, Any]:
        """The stable schema of `status --json`; keys are only ever added."""
        servers = [{**asdict(server), "notes": list(server.notes)} for server in self.servers]
        return {
            "version": SCHEMA_VERSION,
            "running": self.running,
            "state_dir": self.state_dir,
            "supervisor_pid": self.supervisor_pid,
            "memory_bytes": sum(server.memory_bytes or 0 for server in self.servers),
            "servers": servers,
        }


def stack_status(folder: StateFolder, said: SupervisorStatus | None, *, alive: bool) -> StackStatus:
    """What the supervisor said, with what the system says about the processes now."""
    servers = said.servers.values() if said is not None else ()
    return StackStatus(
        running=alive,
        state_dir=str(folder.root),
        supervisor_pid=said.process.pid if alive and said is not None else None,
        servers=tuple(server_view(folder, server, alive=alive) for server in servers),
    )


def server_view(folder: StateFolder, server: ServerStatus, *, alive: bool) -> ServerView:
    """One server, with its memory and age as the system tells them."""
    process = server.process if alive else None
    state = server.state
    if not alive and state is not ServerState.FAILED:
        state = ServerState.STOPPED
    memory = memory_bytes(process) if process is not None else None
    return ServerView(
        name=server.name,
        state=state.value,
        pid=process.pid if process is not None and memory is not None else None,
        ports=dict(server.ports),
        memory_bytes=memory,
        uptime_s=_age_s(process.created) if process is not None and memory is not None else None,
        started_ms=server.started_ms,
        restarts=server.restarts,
        log=str(Path(folder.log(server.name))),
        last_error=server.last_error,
        notes=server.notes,
    )


def _age_s(created: float) -> float:
    return round(max(0.0, time.time() - created), 1)
