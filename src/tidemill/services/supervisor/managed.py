"""The life of one server under the supervisor.

    waiting -> preparing -> starting -> ready -> (died) restarting -> starting -> ready ...

and from each of them to failed, or over stopping to stopped.

`step` is called again and again from the supervisor's main thread and never blocks; preparing and
probing run in the pool. Processes are started from the main thread, since the kernel ties them to
the life of the thread that starts them.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import field
from typing import Any

from tidemill.errors import ServiceError, TidemillError
from tidemill.interfaces.service import Endpoint, Service
from tidemill.records import dataclass
from tidemill.services.context import ServiceContext, ServiceFactory
from tidemill.services.endpoints import save_endpoint
from tidemill.services.processes import ProcessId, identify, signal_group
from tidemill.services.settings import ServerSettings
from tidemill.services.spawn import spawn
from tidemill.services.state import StateFolder, storage_error, write_json
from tidemill.services.supervisor.failures import check_disk, death, not_ready
from tidemill.services.supervisor.logs import open_log, size_of, tail
from tidemill.services.supervisor.status import ServerState, ServerStatus, error_as_dict

RESTARTS_MAX = 6
RESTART_WINDOW_S = 300.0
BACKOFF_FIRST_S = 0.5
BACKOFF_MAX_S = 15.0
STOP_TIMEOUT_S = 15.0
_PORT_TRIES = 3


@dataclass
class Managed:
    """One server: its service, its process and where it is."""

    name: str
    settings: ServerSettings
    factory: ServiceFactory
    folder: StateFolder
    pool: Executor
    state: ServerState = ServerState.WAITING
    service: Service | None = None
    endpoint: Endpoint | None = None
    error: dict[str, Any] | None = None
    notes: list[str] = field(default_factory=list)
    began_at_ms: int | None = None
    started_ms: int | None = None
    restarts: int = 0
    identity: ProcessId | None = None
    _process: subprocess.Popen[bytes] | None = None
    _preparing: Future[Endpoint] | None = None
    _probing: Future[bool] | None = None
    _deadline: float = 0.0
    _began: float = 0.0
    _due: float = 0.0
    _log_from: int = 0
    _deaths: list[float] = field(default_factory=list)
    _first_ready: bool = False
    _port_tries: int = 0

    def __post_init__(self) -> None:
        self.service = self.factory(ServiceContext(self.settings, self.notes.append))

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The servers that must be ready before this one starts."""
        return self.service.depends_on if self.service else ()

    @property
    def busy(self) -> bool:
        """Whether something is under way, so that the loop should look often."""
        return self.state not in (ServerState.READY, ServerState.FAILED, ServerState.STOPPED)

    @property
    def has_process(self) -> bool:
        """Whether the server's process may still live."""
        return self._process is not None

    def status(self) -> ServerStatus:
        """What is to be said about the server."""
        return ServerStatus(
            name=self.name,
            state=self.state,
            process=self.identity,
            ports=dict(self.endpoint.ports) if self.endpoint else {},
            began_at_ms=self.began_at_ms,
            started_ms=self.started_ms,
            restarts=self.restarts,
            last_error=self.error,
            notes=tuple(self.notes),
            settings=self.settings.as_dict(),
        )

    def step(self, others: Mapping[str, Managed]) -> None:
        """Go as far as possible without waiting."""
        handler: Callable[[], None] | None = {
            ServerState.PREPARING: self._step_preparing,
            ServerState.STARTING: self._step_starting,
            ServerState.READY: self._step_ready,
            ServerState.RESTARTING: self._step_restarting,
            ServerState.STOPPING: self._step_stopping,
        }.get(self.state)
        try:
            if self.state is ServerState.WAITING:
                self._step_waiting(others)
            elif handler is not None:
                handler()
        except TidemillError as error:
            self._fail(error)
        except OSError as error:
            self._fail(storage_error(self.folder.server(self.name), error, self.name))

    def stop(self) -> None:
        """Ask the process to end; `step` kills it when it takes too long."""
        if self.state is ServerState.STOPPED:
            return
        if self._process is None:
            # A failed server stays failed: the reason must remain to be seen.
            if self.state is not ServerState.FAILED:
                self.state = ServerState.STOPPED
            return
        if self.state is not ServerState.STOPPING:
            self.state = ServerState.STOPPING
            self._deadline = time.monotonic() + STOP_TIMEOUT_S
            number = self.service.stop_signal() if self.service else signal.SIGTERM
            # To the leader only: Postgres and the JVMs end their own children in order.
            self._signal_leader(number)

    def kill(self) -> None:
        """Kill the process and its group now."""
        if self._process is not None:
            signal_group(self._process.pid, signal.SIGKILL)

    def _step_waiting(self, others: Mapping[str, Managed]) -> None:
        for needed in self.depends_on:
            other = others.get(needed)
            if other is None or other.state in (ServerState.FAILED, ServerState.STOPPED):
                raise ServiceError(
                    f"{self.name} was not started, because {needed} has failed",
                    code="service.dependency-failed",
                    hint=f"Mend {needed} first: `tidemill logs {needed}`.",
                )
            if other.state is not ServerState.READY:
                return
        endpoints = {n: other.endpoint for n, other in others.items() if other.endpoint}
        self._began = time.monotonic()
        self.began_at_ms = time.time_ns() // 1_000_000
        self.state = ServerState.PREPARING
        self._preparing = self.pool.submit(self._prepare, endpoints)

    def _prepare(self, endpoints: Mapping[str, Endpoint]) -> Endpoint:
        """In the pool: everything before the first start."""
        if self.service is None:
            raise AssertionError("no service")
        folder = self.folder.server(self.name)
        folder.mkdir(parents=True, exist_ok=True)
        check_disk(self.name, folder, getattr(self.service, "disk_min_bytes", 0))
        endpoint = self.service.prepare(folder, endpoints)
        save_endpoint(folder, endpoint)
        return endpoint

    def _step_preparing(self) -> None:
        if self._preparing is not None and self._preparing.done():
            future, self._preparing = self._preparing, None
            self.endpoint = future.result()
            self._spawn()

    def _spawn(self) -> None:
        if self.service is None:
            raise AssertionError("no service")
        log = self.folder.log(self.name)
        with open_log(log) as output:
            self._log_from = size_of(log)
            death_signal = getattr(self.service, "death_signal", signal.SIGKILL)
            command = self.service.command()
            self._process = spawn(self.name, command, output.fileno(), death_signal)
        self.identity = identify(self._process.pid)
        if self.identity is not None:
            folder = self.folder.server(self.name)
            write_json(folder / "process.json", self.identity.as_dict())
        self._deadline = time.monotonic() + self.settings.start_timeout_s
        self.state = ServerState.STARTING

    def _step_starting(self) -> None:
        if self._ended() is not None:
            self._died("at its start")
            return
        if self._probing is None and self.service is not None:
            if time.monotonic() >= self._due:
                self._probing = self.pool.submit(self.service.ready)
        elif self._probing is not None and self._probing.done():
            future, self._probing = self._probing, None
            self._due = time.monotonic() + 0.05
            if future.exception() is None and future.result():
                self.state = ServerState.READY
                self.started_ms = self.started_ms or round((time.monotonic() - self._began) * 1000)
                self._first_ready = True
                self.error = None
                return
        if time.monotonic() > self._deadline:
            lines = self._lines()
            self.kill()
            self._reap()
            raise not_ready(
                self.name, self.settings.start_timeout_s, self.folder.log(self.name), lines
            )

    def _step_ready(self) -> None:
        if self._ended() is not None:
            self._died("while it ran")

    def _step_restarting(self) -> None:
        if time.monotonic() >= self._due:
            self._due = 0.0
            self._spawn()

    def _step_stopping(self) -> None:
        if self._ended() is not None:
            self._reap()
            self.state = ServerState.STOPPED
        elif time.monotonic() > self._deadline:
            self.kill()

    def _died(self, when: str) -> None:
        """Restart with growing pauses, unless it never ran or dies again and again."""
        code = self._ended()
        log = self.folder.log(self.name)
        error = death(self.name, code if code is not None else 0, log, self._lines(), when)
        self._reap()
        if not self._first_ready:
            self._port_tries += 1
            # Somebody took the port between our choice and the server's start: choose again.
            if error.code == "service.port-taken" and self._port_tries < _PORT_TRIES:
                self.state = ServerState.WAITING
                return
            raise error
        now = time.monotonic()
        self._deaths = [t for t in self._deaths if now - t < RESTART_WINDOW_S] + [now]
        if len(self._deaths) > RESTARTS_MAX:
            raise error
        self.error = error_as_dict(error)
        self.restarts += 1
        pause = min(BACKOFF_MAX_S, BACKOFF_FIRST_S * 2.0 ** (len(self._deaths) - 1))
        self._due = now + pause
        self.state = ServerState.RESTARTING

    def _fail(self, error: TidemillError) -> None:
        if self._process is not None:
            self.kill()
            self._reap()
        if not isinstance(error, ServiceError):
            error = ServiceError(error.message, code="service.died", detail=error.detail)
        self.error = error_as_dict(error)
        self.state = ServerState.FAILED

    def _ended(self) -> int | None:
        return self._process.poll() if self._process is not None else 0

    def _reap(self) -> None:
        """After the end of the leader: nothing of its group may stay."""
        if self._process is not None:
            signal_group(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None
        self._probing = None
        self.identity = None
        (self.folder.server(self.name) / "process.json").unlink(missing_ok=True)

    def _signal_leader(self, number: int) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def _lines(self) -> list[str]:
        return tail(self.folder.log(self.name), 60, self._log_from)
