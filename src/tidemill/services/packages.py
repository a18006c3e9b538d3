"""Server files that come as a Python package: Flink's jars, by `flink.lock`.

Guarantees: the package is the one whose SHA-256 `flink.lock` names; it is unpacked beside its final
place and renamed, so half of it is never used; nothing enters Tidemill's own environment. It is
fetched by `pip` (or `uv`), so the user's index, proxy and certificates are those of every package.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tidemill.errors import ServiceError, Where
from tidemill.services.cache import cache_folder, make_cache_folder
from tidemill.services.locks import file_lock

PACKAGES = {"flink-libraries": Path(__file__).with_name("flink.lock")}
"""Name of the entry, as in `Service.installs`, to its lock file."""

Report = Callable[[int, int], None]
"""Told how many bytes came, and of how many."""

_PROGRESS = re.compile(rb"Progress (\d+) of (\d+)")
_RAW_PROGRESS_SINCE = (24, 1)


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
            hint="Run `tidemill up flink`, which fetches it.",
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
    lock = PACKAGES[entry]
    program = _installer()
    arguments = ["--no-deps", "--require-hashes", "--target", str(target), "-r", str(lock)]
    with subprocess.Popen(
        [*program, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout is not None
        said: list[bytes] = []
        try:
            for line in process.stdout:
                if found := _PROGRESS.search(line):
                    report(int(found[1]), int(found[2]))
                else:
                    said.append(line)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise ServiceError(
            f"the package {entry} could not be installed",
            code="service.download-failed",
            where=Where(file=str(lock)),
            detail=b"".join(said[-6:]).decode("utf-8", "replace").strip(),
            hint="Check the network and pip's configuration (index, proxy); then run it again.",
        )


def _installer() -> Sequence[str]:
    """How packages are installed here: pip of this environment, else uv."""
    if importlib.util.find_spec("pip") is not None:
        options = ["--no-input", "--no-compile", "--disable-pip-version-check"]
        bar = "raw" if _pip_version() >= _RAW_PROGRESS_SINCE else "off"
        return [sys.executable, "-m", "pip", "install", "--progress-bar", bar, *options]
    uv = shutil.which("uv")
    if uv is not None:
        return [uv, "pip", "install", "--python", sys.executable]
    raise ServiceError(
        "neither pip nor uv is there to fetch Flink's package",
        code="service.download-failed",
        hint=f"Install pip into this environment: {sys.executable} -m ensurepip",
    )


def _pip_version() -> tuple[int, ...]:
    """The first two numbers of pip's version: distributions' environments bring old ones."""
    return tuple(int(n) for n in re.findall(r"\d+", importlib.metadata.version("pip"))[:2])
