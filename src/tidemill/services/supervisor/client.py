"""Starting the supervisor, asking it for servers, and stopping it; from any process."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence

from tidemill.errors import ServiceError, Where
from tidemill.services.locks import file_lock, is_locked
from tidemill.services.processes import identify, kill_tree, parse_process_id
from tidemill.services.settings import ServerSettings
from tidemill.services.state import StateFolder, read_json, storage_error, write_json
from tidemill.services.supervisor.logs import open_log, tail
from tidemill.services.supervisor.status import (
    ServerState,
    SupervisorStatus,
    error_of,
    parse_status,
)

PROGRAM = ("-m", "tidemill.services.supervisor")
LAUNCH_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 45.0
_POLL_S = 0.03
_WISHES_MAX = 3


def is_supervised(folder: StateFolder) -> bool:
    """Whether a supervisor lives."""
    return is_locked(folder.supervisor_lock)


def read_status(folder: StateFolder) -> SupervisorStatus | None:
    """What the supervisor last said, whether or not it still lives."""
    return parse_status(read_json(folder.status))


def start(
    folder: StateFolder,
    servers: Mapping[str, ServerSettings],
    seen: Callable[[SupervisorStatus], None] | None = None,
    *,
    owner_pid: int | None = None,
    program: Sequence[str] = PROGRAM,
) -> SupervisorStatus:
    """Ask for servers and wait until they are ready; arguments as of `request` and `wait_settled`.

    A supervisor that is killed before it takes up the wish is replaced.
    """
    names = list(servers)
    timeout_s = 60.0 + sum(settings.start_timeout_s for settings in servers.values())
    for _ in range(_WISHES_MAX):
        wish = request(folder, servers, owner_pid=owner_pid, program=program)
        try:
            return wait_settled(folder, wish, names, seen, timeout_s)
        except _NotTakenUpError:
            continue
    raise _supervisor_lost(folder)


class _NotTakenUpError(Exception):
    """The supervisor ended before it took up a wish."""


def request(
    folder: StateFolder,
    servers: Mapping[str, ServerSettings],
    *,
    owner_pid: int | None = None,
    program: Sequence[str] = PROGRAM,
) -> str:
    """Ask for servers, starting a supervisor where there is none; return the wish's id.

    Args:
        folder: the state folder, made.
        servers: the servers and their settings.
        owner_pid: a supervisor that has to be started ends with this process; None: it goes on.
        program: arguments of Python that run the supervisor.
    """
    wish = uuid.uuid4().hex
    with file_lock(folder.launch_lock):
        _wait_if_ending(folder)
        if not is_supervised(folder):
            _launch(folder, program, owner_pid)
        try:
            write_json(
                folder.requests / f"{wish}.json",
                {"servers": {name: settings.as_dict() for name, settings in servers.items()}},
            )
        except OSError as error:
            raise storage_error(folder.root, error) from error
        status = read_status(folder)
        if status is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(status.process.pid, signal.SIGUSR1)
    return wish


def wait_settled(
    folder: StateFolder,
    wish: str,
    names: Sequence[str],
    seen: Callable[[SupervisorStatus], None] | None = None,
    timeout_s: float = 600.0,
) -> SupervisorStatus:
    """Wait until every named server of a wish is ready; raises the first failure as ServiceError.

    `seen` is called with each new status.
    """
    last: SupervisorStatus | None = None
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        alive = is_supervised(folder)
        status = read_status(folder)
        if status is not None and wish in status.accepted:
            if status != last and seen is not None:
                seen(status)
            last = status
            servers = [status.servers[name] for name in names if name in status.servers]
            for server in servers:
                failed = server.state is ServerState.FAILED
                if failed and (server.last_error or {}).get("code") != "service.dependency-failed":
                    raise error_of(server.name, server.last_error)
            if all(server.state is ServerState.READY for server in servers):
                return status
            if status.stopping or any(s.state is ServerState.STOPPED for s in servers):
                raise _cancelled()
            if all(server.state.settled for server in servers):
                broken = next(s for s in servers if s.state is ServerState.FAILED)
                raise error_of(broken.name, broken.last_error)
        elif status is not None and status.stopping:
            raise _cancelled()
        elif not alive:
            raise _NotTakenUpError
        if not alive:
            raise _supervisor_lost(folder)
        time.sleep(_POLL_S)
    # Every server has a deadline of its own, so it is the supervisor that does not get on.
    raise _supervisor_lost(folder)


def stop(folder: StateFolder) -> bool:
    """Stop the supervisor and all servers; return whether anything ran.

    Safe at any moment: while servers start, half-started, after a crash, and when nothing runs.
    """
    if not folder.root.is_dir():
        return False
    with file_lock(folder.launch_lock):
        ran = _stop_supervisor(folder)
        for path in (folder.root / "servers").glob("*/process.json"):
            identity = parse_process_id(read_json(path))
            if identity is not None and identity.process() is not None:
                ran = True
                if not kill_tree(identity):
                    raise _not_stopped(path.parent.name, identity.pid)
            path.unlink(missing_ok=True)
        for leftover in folder.requests.glob("*"):
            leftover.unlink(missing_ok=True)
    return ran


def _wait_if_ending(folder: StateFolder) -> None:
    """Let a supervisor that is on its way out go, so that no wish is handed to it."""
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while is_supervised(folder) and time.monotonic() < deadline:
        status = read_status(folder)
        if status is None or not (status.stopping or status.process.process() is None):
            return
        time.sleep(_POLL_S)


def _launch(folder: StateFolder, program: Sequence[str], owner_pid: int | None) -> None:
    owner = [] if owner_pid is None else ["--owner", str(owner_pid)]
    argv = [sys.executable, "-P", *program, "--state", str(folder.root), *owner]
    log = folder.log("supervisor")
    try:
        with open_log(log) as output:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder.root,
                start_new_session=True,
            )
    except OSError as error:
        raise storage_error(folder.root, error) from error
    threading.Thread(target=process.wait, name="supervisor-reaper", daemon=True).start()
    deadline = time.monotonic() + LAUNCH_TIMEOUT_S
    me = identify(process.pid)
    while time.monotonic() < deadline:
        status = read_status(folder)
        mine = status is not None and me is not None and status.process.pid == me.pid
        if mine and is_supervised(folder):
            return
        if process.poll() is not None:
            break
        time.sleep(_POLL_S)
    process.kill()
    raise _supervisor_lost(folder)


def _stop_supervisor(folder: StateFolder) -> bool:
    if not is_supervised(folder):
        return False
    status = read_status(folder)
    process = status.process.process() if status else None
    if status is None or process is None:
        raise _not_stopped("the supervisor", status.process.pid if status else 0)
    with contextlib.suppress(ProcessLookupError):
        os.kill(status.process.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while is_supervised(folder):
        if time.monotonic() > deadline and not kill_tree(status.process):
            raise _not_stopped("the supervisor", status.process.pid)
        time.sleep(_POLL_S)
    return True


def _cancelled() -> ServiceError:
    return ServiceError(
        "the start was given up, because the servers were stopped meanwhile",
        code="service.cancelled",
        hint="Run `tidemill up` again.",
    )


def _supervisor_lost(folder: StateFolder) -> ServiceError:
    log = folder.log("supervisor")
    return ServiceError(
        "the supervisor, which keeps the servers running, has ended or does not get on",
        code="service.supervisor-failed",
        where=Where(file=str(log)),
        detail="\n".join(tail(log, 12)) or "It wrote nothing into its log.",
        hint="Run `tidemill down`, then `tidemill up`.",
    )


def _not_stopped(name: str, pid: int) -> ServiceError:
    return ServiceError(
        f"process {pid} of {name} goes on although it was killed",
        code="service.not-stopped",
        where=Where(server=name),
        hint=f"Look at it with `ps -fp {pid}`; it may wait for a disk, or belong to another user.",
    )
