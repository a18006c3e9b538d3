"""What the supervisor says about itself and the servers, as it stands in `status.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, field
from enum import Enum
from typing import Any

from tidemill.errors import CATALOGUE, ServiceError, Where
from tidemill.records import dataclass
from tidemill.services.processes import ProcessId, parse_process_id


class ServerState(Enum):
    """Where a server is in its life."""

    WAITING = "waiting"
    PREPARING = "preparing"
    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def settled(self) -> bool:
        """Whether a start has come to its end, well or badly."""
        return self in (ServerState.READY, ServerState.FAILED, ServerState.STOPPED)


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """One server; `began_at_ms` is since the epoch, `started_ms` is how long the start took."""

    name: str
    state: ServerState
    process: ProcessId | None = None
    ports: Mapping[str, int] = field(default_factory=dict)
    began_at_ms: int | None = None
    started_ms: int | None = None
    restarts: int = 0
    last_error: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The status as JSON data."""
        return {**asdict(self), "state": self.state.value}


@dataclass(frozen=True, slots=True)
class SupervisorStatus:
    """All servers, and the wishes (by id) that were taken up."""

    process: ProcessId
    stopping: bool
    accepted: tuple[str, ...]
    servers: Mapping[str, ServerStatus]

    def as_dict(self) -> dict[str, Any]:
        """The status as JSON data."""
        return {
            "version": 1,
            "process": self.process.as_dict(),
            "stopping": self.stopping,
            "accepted": list(self.accepted),
            "servers": {name: server.as_dict() for name, server in self.servers.items()},
        }


def parse_status(value: Any) -> SupervisorStatus | None:
    """A status from JSON data; None for anything else."""
    try:
        process = parse_process_id(value["process"])
        servers = {name: _server(entry) for name, entry in value["servers"].items()}
        accepted = tuple(value["accepted"])
        stopping = bool(value["stopping"])
    except (TypeError, KeyError, ValueError, AttributeError):
        return None
    return SupervisorStatus(process, stopping, accepted, servers) if process else None


def error_of(server: str, value: Mapping[str, Any] | None) -> ServiceError:
    """The error that a server's status tells of, to be raised in another process."""
    value = value or {}
    code = str(value.get("code"))
    return ServiceError(
        value.get("message") or f"{server} has failed",
        code=code if code in CATALOGUE else "service.died",
        where=Where(server=server, file=value.get("file")),
        detail=value.get("detail"),
        hint=value.get("hint"),
    )


def error_as_dict(error: ServiceError) -> dict[str, Any]:
    """An error as it stands in a status."""
    file = error.where.file if isinstance(error.where, Where) else None
    return {
        "code": error.code,
        "message": error.message,
        "file": file,
        "detail": error.detail,
        "hint": error.hint,
    }


def _server(entry: Mapping[str, Any]) -> ServerStatus:
    return ServerStatus(
        name=entry["name"],
        state=ServerState(entry["state"]),
        process=parse_process_id(entry["process"]),
        ports=dict(entry["ports"]),
        began_at_ms=entry["began_at_ms"],
        started_ms=entry["started_ms"],
        restarts=int(entry["restarts"]),
        last_error=entry["last_error"],
        notes=tuple(entry["notes"]),
        settings=dict(entry["settings"]),
    )
