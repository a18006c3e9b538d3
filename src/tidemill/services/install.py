"""Bringing server files into the cache: in parallel, once, checked by SHA-256.

`install` is safe to call from several processes at once: one fetches, the others wait and find the
files. A second run needs no network; it compares sizes and one marker per server, which takes
milliseconds. `verify` reads every byte.
"""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tidemill.errors import ServiceError, Where
from tidemill.records import dataclass
from tidemill.services.artifacts import Artifact, ServerFiles, server_files
from tidemill.services.cache import artifact_path, cache_folder, make_cache_folder, plugin_path
from tidemill.services.download import download
from tidemill.services.locks import file_lock
from tidemill.services.packages import PACKAGES, install_package
from tidemill.services.repository import repository_url

THREADS = 8


@dataclass(frozen=True, slots=True)
class InstallProgress:
    """How far an installation is; `waiting` while another process does it."""

    files_done: int
    files_total: int
    bytes_done: int
    bytes_total: int
    waiting: bool = False


Callback = Callable[[InstallProgress], None]


def install(names: Sequence[str], progress: Callback | None = None) -> None:
    """Make sure that the files of these lock entries are in the cache; raises ServiceError."""
    report = progress or (lambda _: None)
    for package in [name for name in dict.fromkeys(names) if name in PACKAGES]:
        install_package(
            package,
            lambda done, total: report(InstallProgress(0, 1, done, total)),
            lambda: report(InstallProgress(0, 0, 0, 0, waiting=True)),
        )
    wanted = [server_files(name) for name in dict.fromkeys(names) if name not in PACKAGES]
    if all(is_installed(files) for files in wanted):
        return
    folder = make_cache_folder()
    with file_lock(
        folder / "install.lock",
        waiting=lambda: report(InstallProgress(0, 0, 0, 0, waiting=True)),
    ):
        todo = [files for files in wanted if not is_installed(files)]
        _fetch(_missing(todo), report)
        for files in todo:
            if files.layout == "plugin":
                for artifact in files.files:
                    _unpack(artifact)
            _mark(files)


def class_path(name: str) -> list[Path]:
    """The jars of an installed server."""
    files = server_files(name)
    _require(files)
    return [artifact_path(artifact) for artifact in files.files]


def plugin_folder(name: str) -> Path:
    """The folder into which an installed plugin was unpacked."""
    files = server_files(name)
    _require(files)
    return plugin_path(files.files[0])


def is_installed(files: ServerFiles) -> bool:
    """Whether all files stand in the cache with their sizes, and were checked when they came."""
    try:
        marked = _marker(files).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return False
    return marked == _fingerprint(files) and all(_present(a, files) for a in files.files)


def verify(name: str) -> list[str]:
    """Read every file of a server; return what is wrong, and forget what is, so it comes again."""
    files = server_files(name)
    problems = []
    for artifact in files.files:
        path = artifact_path(artifact)
        if not path.exists():
            problems.append(f"{artifact.name} is missing")
        elif sha256_of(path) != artifact.sha256:
            problems.append(f"{artifact.name} is not the file that servers.lock names")
            path.unlink(missing_ok=True)
    return problems


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _missing(todo: Iterable[ServerFiles]) -> list[Artifact]:
    """Files to fetch, each once, the largest first so that the threads end together."""
    wanted = {artifact.path: artifact for files in todo for artifact in files.files}
    missing = []
    for artifact in wanted.values():
        path = artifact_path(artifact)
        right_size = path.exists() and path.stat().st_size == artifact.bytes
        if not right_size or sha256_of(path) != artifact.sha256:
            missing.append(artifact)
    return sorted(missing, key=lambda artifact: -artifact.bytes)


def _fetch(missing: Sequence[Artifact], report: Callback) -> None:
    if not missing:
        return
    total = sum(artifact.bytes for artifact in missing)
    lock = threading.Lock()
    done = {"files": 0, "bytes": 0}
    base = repository_url()

    def advance(count: int, files: int = 0) -> None:
        with lock:
            done["bytes"] += count
            done["files"] += files
            report(InstallProgress(done["files"], len(missing), done["bytes"], total))

    def one(artifact: Artifact) -> None:
        download(artifact, base, artifact_path(artifact), advance)
        advance(0, files=1)

    advance(0)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="download") as pool:
        futures = [pool.submit(one, artifact) for artifact in missing]
        try:
            for future in futures:
                future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _unpack(artifact: Artifact) -> None:
    """Unpack an archive beside its final place, then rename: half an archive is never used."""
    target = plugin_path(artifact)
    fresh = target.with_name(target.name + ".part")
    for folder in (fresh, target):
        shutil.rmtree(folder, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        with tarfile.open(artifact_path(artifact)) as archive:
            _extract(archive, fresh)
        fresh.rename(target)
    except (OSError, tarfile.TarError) as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise ServiceError(
            f"`{artifact.name}` cannot be unpacked: {error}",
            code="service.cache-unusable",
            where=Where(file=str(target)),
            hint="Free some room, or set TIDEMILL_CACHE to a folder that you may write to.",
        ) from error


def _extract(archive: tarfile.TarFile, target: Path) -> None:
    """Write the archive's plain files below `target`; anything else in it is refused.

    By hand, because the extraction filters of `tarfile` came only with Python 3.11.4.
    """
    for member in archive:
        path = (target / member.name).resolve()
        if not path.is_relative_to(target.resolve()):
            raise tarfile.TarError(f"`{member.name}` leads out of the archive")
        if member.isdir():
            path.mkdir(parents=True, exist_ok=True)
            continue
        content = archive.extractfile(member) if member.isreg() else None
        if content is None:
            raise tarfile.TarError(f"`{member.name}` is neither a file nor a folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        with content, path.open("wb") as out:
            shutil.copyfileobj(content, out)


def _present(artifact: Artifact, files: ServerFiles) -> bool:
    try:
        right_size = artifact_path(artifact).stat().st_size == artifact.bytes
    except OSError:
        return False
    return right_size and (files.layout != "plugin" or plugin_path(artifact).is_dir())


def _require(files: ServerFiles) -> None:
    if not is_installed(files):
        raise ServiceError(
            f"the files of {files.server} are not in the cache",
            code="service.not-installed",
            where=Where(server=files.server, file=str(cache_folder())),
            hint="Run `tidemill up`, which fetches them.",
        )


def _marker(files: ServerFiles) -> Path:
    return cache_folder() / "installed" / files.server


def _mark(files: ServerFiles) -> None:
    marker = _marker(files)
    marker.parent.mkdir(parents=True, exist_ok=True)
    fresh = marker.with_name(marker.name + ".part")
    fresh.write_text(_fingerprint(files), encoding="ascii")
    fresh.replace(marker)


def _fingerprint(files: ServerFiles) -> str:
    digest = hashlib.sha256(files.layout.encode())
    for artifact in files.files:
        digest.update(f"{artifact.coordinates} {artifact.sha256}\n".encode())
    return digest.hexdigest()
