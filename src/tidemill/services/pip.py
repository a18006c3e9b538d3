"""Installing locked Python packages outside Tidemill's own environment, by `pip` or `uv`.

Guarantees: every file is one whose SHA-256 the lock names; the user's index, proxy and certificates
are those of every package, for the program is the user's own. Nothing here knows an address.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tidemill.errors import ServiceError, Where
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class PipProgress:
    """How far an installation is.

    `packages` have been asked for so far; `bytes_done` of `bytes_total` concern the file that comes
    at this moment; `installing` once all have come. `uv` tells nothing of this.
    """

    packages: int = 0
    bytes_done: int = 0
    bytes_total: int = 0
    installing: bool = False


Report = Callable[[PipProgress], None]

_BYTES = re.compile(rb"Progress (\d+) of (\d+)")
_RAW_PROGRESS_SINCE = (24, 1)
_SHOWN_LINES = 6


def install_locked(
    name: str, lock: Path, arguments: Sequence[str], report: Report, python: Path | None = None
) -> None:
    """Install what a lock names, and nothing else; raises ServiceError.

    Args:
        name: what is installed, for messages.
        lock: a requirements file with hashes.
        arguments: more arguments that `pip install` and `uv pip install` share.
        report: told of progress.
        python: the interpreter of the environment to install into; None: Tidemill's own, as with
            `--target`.
    """
    command = [*_installer(python), "--no-deps", "--require-hashes", *arguments, "-r", str(lock)]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        told = _Told(report)
        try:
            for line in process.stdout:
                told.line(line)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise ServiceError(
            f"{name} could not be installed",
            code="service.download-failed",
            where=Where(file=str(lock)),
            detail=b"".join(told.said[-_SHOWN_LINES:]).decode("utf-8", "replace").strip(),
            hint="Check the network and pip's configuration (index, proxy); then run it again.",
        )


class _Told:
    """Turns what the installer prints into progress, and keeps the rest."""

    def __init__(self, report: Report) -> None:
        self.said: list[bytes] = []
        self._report = report
        self._packages = 0

    def line(self, line: bytes) -> None:
        if found := _BYTES.search(line):
            self._report(PipProgress(self._packages, int(found[1]), int(found[2])))
            return
        self.said.append(line)
        if line.startswith(b"Collecting "):
            self._packages += 1
            self._report(PipProgress(self._packages))
        elif line.startswith(b"Installing collected"):
            self._report(PipProgress(self._packages, installing=True))


def _installer(python: Path | None) -> Sequence[str]:
    """How packages are installed here: pip of this environment, else uv."""
    if importlib.util.find_spec("pip") is not None:
        target = ["--python", str(python)] if python is not None else []
        options = ["--no-input", "--no-compile", "--disable-pip-version-check"]
        bar = "raw" if _pip_version() >= _RAW_PROGRESS_SINCE else "off"
        base = [sys.executable, "-m", "pip", *target, "install"]
        return [*base, "--progress-bar", bar, *options]
    uv = shutil.which("uv")
    if uv is not None:
        return [uv, "pip", "install", "--python", str(python or sys.executable)]
    raise ServiceError(
        "neither pip nor uv is there to install Python packages",
        code="service.download-failed",
        hint=f"Install pip into this environment: {sys.executable} -m ensurepip",
    )


def _pip_version() -> tuple[int, ...]:
    """The first two numbers of pip's version: distributions' environments bring old ones."""
    return tuple(int(n) for n in re.findall(r"\d+", importlib.metadata.version("pip"))[:2])
