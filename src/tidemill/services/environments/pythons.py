"""From which Python an environment is made: Tidemill's own where it fits, else one on the PATH."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from tidemill.errors import ServiceError, Where
from tidemill.services.environments.specs import EnvironmentSpec


def choose_python(spec: EnvironmentSpec) -> tuple[Path, tuple[int, int]]:
    """The interpreter to make an environment from, and its version; raises ServiceError."""
    own = (sys.version_info.major, sys.version_info.minor)
    if own in spec.pythons:
        return Path(sys.executable), own
    for version in spec.pythons:
        found = shutil.which(f"python{version[0]}.{version[1]}")
        if found is not None and _version(found) == version:
            return Path(found), version
    wanted = " or ".join(f"{major}.{minor}" for major, minor in spec.pythons)
    raise ServiceError(
        f"the environment {spec.name} needs Python {wanted}",
        code="service.no-python",
        where=Where(file=sys.executable),
        detail=f"Its packages exist for no other; this is Python {own[0]}.{own[1]}.",
        hint=f"Put a python{spec.pythons[-1][0]}.{spec.pythons[-1][1]} on the PATH; "
        "Tidemill itself may stay where it is.",
    )


@cache
def _version(program: str) -> tuple[int, int] | None:
    """What a program says that it is; None where it does not run (shims of pyenv, for one)."""
    code = "import sys; print(sys.version_info[0], sys.version_info[1])"
    try:
        said = subprocess.run(
            [program, "-c", code], capture_output=True, text=True, timeout=20, check=True
        )
        major, minor = said.stdout.split()
        return int(major), int(minor)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
