"""Why a server ended: told from its exit and the last lines of its log."""

from __future__ import annotations

import re
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

from tidemill.errors import ServiceError, Where

LINES = 12
_DISK_FULL = re.compile(r"No space left on device|File too large|Disk quota exceeded|ENOSPC")
_PORT_TAKEN = re.compile(r"Address already in use|could not bind|BindException")
_NO_MEMORY = re.compile(r"OutOfMemoryError|Cannot allocate memory|insufficient memory")


def death(server: str, exit_code: int, log: Path, lines: Sequence[str], when: str) -> ServiceError:
    """The error for a server that ended by itself.

    Args:
        server: its name.
        exit_code: as `subprocess` tells it: negative for a signal.
        log: its log file.
        lines: what it wrote since its start.
        when: "at its start" or "while it ran".
    """
    text = "\n".join(lines)
    detail = "\n".join(lines[-LINES:]) or "It wrote nothing into its log."
    where = Where(server=server, file=str(log))
    if _DISK_FULL.search(text):
        return ServiceError(
            f"{server} ended {when}: there is no room left on the disk",
            code="service.disk-full",
            where=where,
            detail=detail,
            hint="Free some room; the data so far is kept.",
        )
    if _PORT_TAKEN.search(text):
        return ServiceError(
            f"{server} ended {when}: its port is used by another process",
            code="service.port-taken",
            where=where,
            detail=detail,
            hint="Start again: another port is chosen, unless you have set one.",
        )
    hint = f"See the whole log with `tidemill logs {server}`."
    if _NO_MEMORY.search(text):
        hint = "Give it more memory by `heap_mb`, or stop other programs. " + hint
    return ServiceError(
        f"{server} ended {when} with {_exit(exit_code)}",
        code="service.died",
        where=where,
        detail=detail,
        hint=hint,
    )


def not_ready(server: str, seconds: float, log: Path, lines: Sequence[str]) -> ServiceError:
    """The error for a server that runs but did not become ready in time."""
    return ServiceError(
        f"{server} was not ready within {seconds:g} s",
        code="service.start-timeout",
        where=Where(server=server, file=str(log)),
        detail="\n".join(lines[-LINES:]) or "It wrote nothing into its log.",
        hint="On a busy machine raise `start_timeout_s`; "
        f"see the whole log with `tidemill logs {server}`.",
    )


def check_disk(server: str, folder: Path, bytes_min: int) -> None:
    """Raise ServiceError where the disk has less room than a server needs for a start."""
    free = shutil.disk_usage(folder).free
    if free < bytes_min:
        raise ServiceError(
            f"{server} needs {bytes_min / 1e6:,.0f} MB of disk to start, "
            f"and {free / 1e6:,.1f} MB are free",
            code="service.disk-full",
            where=Where(server=server, file=str(folder)),
            hint="Free some room, or keep the project on another disk.",
        )


def _exit(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"
