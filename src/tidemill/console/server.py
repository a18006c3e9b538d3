"""Opens the console: tokens, address, TLS, and the web server itself.

Guarantees: it listens on loopback unless told otherwise, and beyond loopback only with TLS; every
start makes a new operator token, which is printed once and kept as a hash only. The viewer's token,
for read-only use and for Prometheus, is kept in the state folder, for its owner's eyes.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import field
from pathlib import Path

import uvicorn

from tidemill.console.api.groups_of_routes import READS
from tidemill.console.app import guarded_app
from tidemill.console.hub import Hub
from tidemill.console.security.guard import Gate
from tidemill.console.security.sessions import Sessions
from tidemill.control.console_address import announced
from tidemill.control.project_context import open_project
from tidemill.errors import ServiceError, UserError
from tidemill.observe import hide_secret, open_log
from tidemill.project import ensure_state_dir
from tidemill.records import dataclass
from tidemill.services.state import write_private

PORT = 8642
TOKEN_ENV = "TIDEMILL_CONSOLE_TOKEN"  # noqa: S105 - the name of a variable
TOKEN_CHARS_MIN = 20


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """How to open it; `hosts` are further names under which it is reached."""

    folder: Path | None = None
    host: str = "127.0.0.1"
    port: int = PORT
    read_only: bool = False
    certificate: Path | None = None
    key: Path | None = None
    hosts: tuple[str, ...] = field(default=())

    @property
    def tls(self) -> bool:
        """Whether it speaks HTTPS."""
        return self.certificate is not None and self.key is not None


@dataclass(frozen=True, slots=True)
class Opened:
    """What to tell the user; the tokens are said once."""

    url: str
    token: str
    viewer_token_file: Path
    read_only: bool


def serve(settings: ConsoleSettings, opened: Callable[[Opened], None]) -> None:
    """Serve until interrupted; `opened` is called once it listens."""
    if not _is_loopback(settings.host) and not settings.tls:
        raise UserError(
            f"the console may not listen on {settings.host} without TLS",
            code="console.needs-tls",
            hint="Give --tls-cert and --tls-key, or leave out --host to stay on this machine.",
        )
    project = open_project(settings.folder, needed=False)
    state = ensure_state_dir(project.state_dir)
    sessions = Sessions(read_only=settings.read_only)
    token = _operator_token()
    viewer_file = _viewer_token_file(state)
    sessions.allow(viewer_file.read_text().strip(), "viewer")
    sessions.allow(token, "operator")
    listening = _listen(settings.host, settings.port)
    port = listening.getsockname()[1]
    names = {
        "localhost",
        "127.0.0.1",
        "[::1]",
        settings.host.lower(),
        *map(str.lower, settings.hosts),
    }
    gate = Gate(sessions, frozenset(names), port, settings.tls, READS)
    hub = Hub(project.root if project.file is not None else settings.folder, gate)
    shown = settings.host if settings.host not in ("0.0.0.0", "::") else "localhost"  # noqa: S104
    url = f"{gate.scheme}://{shown}:{port}"
    log = open_log(state / "logs", "console")
    try:
        with announced(project.state_dir, url):
            config = uvicorn.Config(
                guarded_app(hub),
                log_level="warning",
                ssl_certfile=settings.certificate,
                ssl_keyfile=settings.key,
                server_header=False,
                proxy_headers=False,
                ws_max_size=4 << 20,
                timeout_graceful_shutdown=2,
            )
            server = _Server(
                config, lambda: opened(Opened(url, token, viewer_file, settings.read_only))
            )
            server.run(sockets=[listening])
    finally:
        listening.close()
        log.close()


class _Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        if self.started:
            self._ready()


def _operator_token() -> str:
    given = os.environ.get(TOKEN_ENV)
    if given is None:
        return secrets.token_urlsafe(24)
    if len(given) < TOKEN_CHARS_MIN:
        raise UserError(
            f"{TOKEN_ENV} holds {len(given)} characters",
            code="console.bad-token",
            hint=f"Give at least {TOKEN_CHARS_MIN}, or leave it out: then one is made.",
        )
    hide_secret(given)
    return given


def _viewer_token_file(state: Path) -> Path:
    file = state / "console-viewer.token"
    if not file.exists() or len(file.read_text().strip()) < TOKEN_CHARS_MIN:
        write_private(file, secrets.token_urlsafe(24) + "\n")
    return file


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        taken = error.errno == errno.EADDRINUSE
        raise ServiceError(
            f"the console cannot listen on {host}:{port}: {error.strerror}",
            code="console.port-taken",
            hint="Give another --port, or 0 for any free one." if taken else None,
        ) from None
    return listening
