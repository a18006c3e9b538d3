"""Starting child processes that cannot outlive us.

Every child leads a session and process group of its own, and where the system can (Linux) it is
signalled by the kernel when the thread that started it dies; so start lasting children from the
main thread, and helpers from a thread that waits for them.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO, Any

from tidemill.errors import ServiceError, Where
from tidemill.interfaces.service import Command
from tidemill.services.processes import signal_group
from tidemill.services.users import User, find_user

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

_helpers: set[subprocess.Popen[bytes]] = set()
_helpers_lock = threading.Lock()


def spawn(
    server: str, command: Command, output: IO[bytes] | int, death_signal: int = signal.SIGKILL
) -> subprocess.Popen[bytes]:
    """Start a command with its output going to `output`; raises ServiceError."""
    user = find_user(command.user) if command.user else None
    try:
        return subprocess.Popen(
            list(command.argv),
            env=dict(command.env),
            cwd=command.cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=tie_to_parent(death_signal),  # noqa: PLW1509 - two plain system calls
            **_identity(user),
        )
    except OSError as error:
        raise _not_started(server, command, error) from error


def run_helper(server: str, command: Command, timeout_s: float = 60.0) -> tuple[int, str]:
    """Run a command to its end; return its exit code and output.

    A helper that takes too long is killed, and so is one that runs when `kill_helpers` is called.
    """
    process = spawn(server, command, subprocess.PIPE)
    with _helpers_lock:
        _helpers.add(process)
    try:
        output, _ = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        signal_group(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        output += f"\n(killed after {timeout_s:g} s)\n".encode()
    finally:
        with _helpers_lock:
            _helpers.discard(process)
    return process.returncode, output.decode("utf-8", "replace")


def kill_helpers() -> None:
    """Kill the helpers that run now, for an orderly end in the middle of a start."""
    with _helpers_lock:
        for process in _helpers:
            signal_group(process.pid, signal.SIGKILL)


def tie_to_parent(death_signal: int) -> Callable[[], None] | None:
    """What a child calls before it runs its program: it is signalled when this thread dies."""
    if _LIBC is None:
        return None
    libc, parent = _LIBC, os.getpid()

    def tie() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:  # it died before the tie held
            os.kill(os.getpid(), signal.SIGKILL)

    return tie


def _identity(user: User | None) -> dict[str, Any]:
    if user is None:
        return {}
    return {"user": user.uid, "group": user.gid, "extra_groups": []}


def _not_started(server: str, command: Command, error: OSError) -> ServiceError:
    program = str(command.argv[0])
    if isinstance(error, FileNotFoundError):
        return ServiceError(
            f"the program of {server} is missing",
            code="service.binary-missing",
            where=Where(server=server, file=str(error.filename or program)),
            hint="Install Tidemill's packages again.",
        )
    if isinstance(error, PermissionError):
        return ServiceError(
            f"the program of {server} may not be executed",
            code="service.binary-not-executable",
            where=Where(server=server, file=str(error.filename or program)),
            detail=f"The system says: {error.strerror}.",
            hint=f"Look at the mode of {program} and of the folders above it, "
            "and whether its disk is mounted `noexec`.",
        )
    return ServiceError(
        f"{server} cannot be started: {error.strerror or error}",
        code="service.died",
        where=Where(server=server, file=program),
        hint="Free memory or processes, and start again.",
    )
