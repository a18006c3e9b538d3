"""A real server as a child process of the supervisor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Protocol

from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How clients reach a running server; `secrets` never reach a log or `--json`."""

    host: str
    ports: Mapping[str, int]
    properties: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Command:
    """What to start: argument vector, environment (whole, not inherited), working folder."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    user: str | None = None
    """Drop to this user when the supervisor runs as root (Postgres refuses root)."""


class Service(Protocol):
    """One kind of server.

    Called by the supervisor, in this order: `prepare` (data folder, credentials, configuration;
    idempotent), `command`, then `ready` until it is True, at last `stop_signal`.
    Guarantees: listens on loopback only. A second start on the same data folder goes on with the
    data. Failure: ServiceError that says which server, why, its last log lines, and what to do.
    """

    name: str
    depends_on: tuple[str, ...]

    def prepare(self, data: Path, endpoints: Mapping[str, Endpoint]) -> Endpoint:
        """Make what must stand before the first start; choose ports; say how to reach it."""
        ...

    def command(self) -> Command:
        """The process to start."""
        ...

    def ready(self) -> bool:
        """Whether a client can really use the server now (not merely connect). Must not raise."""
        ...

    def stop_signal(self) -> int:
        """The signal for an orderly stop, such as SIGTERM or SIGINT."""
        ...
