"""Use case `logs`: the last lines of a server's log, and those that follow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from tidemill.errors import ServiceError, did_you_mean
from tidemill.services.registry import SERVICES
from tidemill.services.state import state_folder
from tidemill.services.supervisor.logs import size_of, tail

_POLL_S = 0.2
_READ_BYTES = 256 * 1024


def logs(state_dir: Path, server: str, lines: int = 100) -> list[str]:
    """The last lines of a server's log, oldest first; raises ServiceError where there is none."""
    path = _log(state_dir, server)
    return tail(path, lines, bytes_max=max(_READ_BYTES, lines * 400))


def follow(state_dir: Path, server: str, lines: int = 10) -> Iterator[str]:
    """The last lines, and then each new one as it is written; ends only when it is closed."""
    path = _log(state_dir, server)
    place = size_of(path)
    yield from tail(path, lines)
    rest = ""
    while True:
        size = size_of(path)
        if size < place:  # rotated: go on at the start of the new one
            place, rest = 0, ""
        if size == place:
            time.sleep(_POLL_S)
            continue
        with path.open("rb") as file:
            file.seek(place)
            content = file.read(_READ_BYTES)
        place += len(content)
        *whole, rest = (rest + content.decode("utf-8", "replace")).split("\n")
        yield from whole


def _log(state_dir: Path, server: str) -> Path:
    names = [*SERVICES, "supervisor"]
    if server not in names:
        raise ServiceError(
            f"there is no server `{server}`",
            code="service.unknown-server",
            hint=did_you_mean(server, names) or f"Servers are: {', '.join(names)}.",
        )
    path = state_folder(state_dir).log(server)
    if not path.exists():
        raise ServiceError(
            f"{server} has no log, because it was never started",
            code="service.not-running",
            hint="Start it by `tidemill up`.",
        )
    return path
