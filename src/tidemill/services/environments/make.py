"""Making an environment: once, whole, and as locked.

Guarantees: every package is the one whose SHA-256 the lock names, those that are built from source
with build tools from the same lock; an environment counts only once all is installed and its
modules could be imported; two processes that want the same one make it once; afterwards no network
is needed. An environment whose interpreter has vanished is made anew.

    <cache>/environments/<name>-<sum of the lock>-py<version>-<machine>/
      bin/python    the interpreter
      made          written last: the lock's sum
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from tidemill.errors import ServiceError, Where
from tidemill.records import dataclass
from tidemill.services.cache import cache_folder, make_cache_folder
from tidemill.services.environments.pythons import choose_python
from tidemill.services.environments.specs import EnvironmentSpec, environment_spec
from tidemill.services.install import sha256_of
from tidemill.services.locks import file_lock
from tidemill.services.pip import PipProgress, install_locked

_BUILD_TOOLS = ("setuptools", "wheel", "packaging")


@dataclass(frozen=True, slots=True)
class EnvironmentProgress:
    """How far the making of an environment is.

    `step` is waiting (another process makes it), fetching, installing or checking.
    """

    name: str
    step: str
    packages_done: int = 0
    packages_total: int = 0
    bytes_done: int = 0
    bytes_total: int = 0


Report = Callable[[EnvironmentProgress], None]


def environment_python(name: str) -> Path:
    """Where the environment's interpreter is, or will be; raises ServiceError without a Python."""
    return _folder(environment_spec(name)) / "bin" / "python"


def is_made(name: str) -> bool:
    """Whether the environment is there, whole."""
    spec = environment_spec(name)
    return _is_whole(spec, _folder(spec))


def environment_packages(name: str) -> Path | None:
    """The folder of the environment's packages; None where it is not made."""
    try:
        if not is_made(name):
            return None
    except ServiceError:  # no Python of a version that it takes
        return None
    folders = sorted(environment_python(name).parents[1].glob("lib/python*/site-packages"))
    return folders[0] if folders else None


def require_environment(name: str) -> Path:
    """The interpreter of an environment that must be there; raises ServiceError."""
    if not is_made(name):
        raise ServiceError(
            f"the environment {name} is not in the cache",
            code="service.not-installed",
            where=Where(file=str(environment_python(name).parents[1])),
            hint=f"Run `tidemill fetch {name}`, which makes it.",
        )
    return environment_python(name)


def make_environment(name: str, report: Report | None = None) -> Path:
    """Make an environment where it is missing; return its interpreter. Raises ServiceError."""
    spec = environment_spec(name)
    folder = _folder(spec)
    if _is_whole(spec, folder):
        return folder / "bin" / "python"
    tell = report or (lambda _: None)
    lock = make_cache_folder() / f"environment-{name}.lock"
    with file_lock(lock, waiting=lambda: tell(EnvironmentProgress(name, "waiting"))):
        if not _is_whole(spec, folder):
            _make(spec, folder, tell)
    return folder / "bin" / "python"


def _folder(spec: EnvironmentSpec) -> Path:
    _, version = choose_python(spec)
    return cache_folder() / "environments" / spec.folder_name(version)


def _is_whole(spec: EnvironmentSpec, folder: Path) -> bool:
    try:
        marked = (folder / "made").read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return False
    return marked == sha256_of(spec.lock) and (folder / "bin" / "python").exists()


def _make(spec: EnvironmentSpec, folder: Path, tell: Report) -> None:
    """Scripts carry the folder's name, so it is made in place; the mark at the end counts."""
    base, _ = choose_python(spec)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(exist_ok=True)
    tell(EnvironmentProgress(spec.name, "fetching", 0, spec.packages))
    try:
        _run(spec, [str(base), "-m", "venv", "--without-pip", str(folder)])
        _install(spec, folder / "bin" / "python", tell)
        tell(EnvironmentProgress(spec.name, "checking", spec.packages, spec.packages))
        imports = "\n".join(f"import {module}" for module in spec.modules)
        _run(spec, [str(folder / "bin" / "python"), "-c", imports])
        (folder / "made").write_text(sha256_of(spec.lock), encoding="ascii")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _install(spec: EnvironmentSpec, python: Path, tell: Report) -> None:
    what = f"the environment {spec.name}"

    def heard(at: PipProgress) -> None:
        step = "installing" if at.installing else "fetching"
        done = spec.packages if at.installing else max(at.packages - 1, 0)
        counts = (min(done, spec.packages), spec.packages, at.bytes_done, at.bytes_total)
        tell(EnvironmentProgress(spec.name, step, *counts))

    # Some packages come as source only. What builds them is locked like everything else.
    if tools := _locked(spec.lock, _BUILD_TOOLS):
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch) / "build-tools.txt"
            file.write_text(tools, encoding="utf-8")
            install_locked(what, file, [], lambda _: None, python)
    install_locked(what, spec.lock, ["--no-build-isolation"], heard, python)


def _locked(lock: Path, names: tuple[str, ...]) -> str:
    """The entries of these packages in a lock."""
    kept: list[str] = []
    taken = False
    for line in lock.read_text(encoding="utf-8").splitlines(keepends=True):
        if not line.startswith((" ", "#")):
            taken = line.partition("==")[0].strip() in names
        if taken:
            kept.append(line)
    return "".join(kept)


def _run(spec: EnvironmentSpec, command: list[str]) -> None:
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    if outcome.returncode != 0:
        raise ServiceError(
            f"the environment {spec.name} cannot be made",
            code="service.environment-failed",
            where=Where(file=command[0]),
            detail="\n".join((outcome.stdout + outcome.stderr).strip().splitlines()[-6:]),
            hint="See what it says; the next run makes it anew.",
        )
