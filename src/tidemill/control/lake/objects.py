"""Objects by hand: list, send, fetch, remove; and the probe of an endpoint.

An address is `s3://bucket/key`, or a name that `lake.yaml` or the project makes one of (see
`lake_url`). What ends with a slash is a folder: all objects under it.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Literal

from tidemill.control.object_stores import open_project_store, store_options
from tidemill.control.project_context import open_project, resolver
from tidemill.errors import StoreError, UsageError, Where
from tidemill.project import ensure_state_dir
from tidemill.records import dataclass
from tidemill.stores import ObjectInfo, ObjectStore, StoreUrl, parse_url
from tidemill.stores.globs import glob_pattern, glob_root, is_glob
from tidemill.stores.options import parse_options
from tidemill.stores.probe import ProbeCheck, probe
from tidemill.stores.transfer import download_file, same_content, upload_file


@dataclass(frozen=True, slots=True)
class LakeObject:
    """One object of a list."""

    url: str
    size: int
    etag: str
    modified: datetime.datetime


@dataclass(frozen=True, slots=True)
class Transfer:
    """One file that was sent, fetched or copied, or left as it is since both sides are the same.

    `file` is the address that it was copied from, where it came from no file.
    """

    file: str
    url: str
    size: int
    outcome: Literal["sent", "fetched", "copied", "same"]


@dataclass(frozen=True, slots=True)
class TransferProgress:
    """How far a transfer is: this file's bytes, and the files in all."""

    file: str
    bytes_done: int
    bytes_total: int
    files_done: int
    files_total: int


Report = Callable[[TransferProgress], None]


def list_objects(url: str, folder: Path | None = None) -> Iterator[LakeObject]:
    """The objects of an address: a prefix, or a pattern such as `s3://lake/raw/*.csv`."""
    with _opened(url, folder) as (store, parsed):
        for info in matching(store, parsed.key):
            yield LakeObject(str(parsed.with_key(info.key)), info.size, info.etag, info.modified)


def matching(store: ObjectStore, key: str) -> Iterator[ObjectInfo]:
    """The objects whose keys begin with a text, or match it where it is a pattern."""
    if not is_glob(key):
        yield from store.list(key)
        return
    pattern = re.compile(glob_pattern(key), re.DOTALL)
    yield from (info for info in store.list(glob_root(key)) if pattern.fullmatch(info.key))


def put_files(
    files: Sequence[Path], url: str, folder: Path | None = None, report: Report | None = None
) -> list[Transfer]:
    """Send files, and folders with all that is in them; what is there already is left as it is."""
    pairs = [pair for file in files for pair in _files_of(file)]
    parsed = parse_url(url)
    into = url.endswith("/") or not parsed.key or len(pairs) > 1
    if into and not url.endswith("/") and parsed.key:
        parsed = parsed.with_key(parsed.key + "/")
    targets = [(path, parsed.key + name if into else parsed.key) for path, name in pairs]
    return send(targets, str(parsed), folder, report)


def send(
    targets: Sequence[tuple[Path, str]],
    url: str,
    folder: Path | None = None,
    report: Report | None = None,
) -> list[Transfer]:
    """Send files to keys of one bucket; interrupted uploads go on where they were."""
    journal = ensure_state_dir(open_project(folder, needed=False).state_dir) / "uploads"
    done: list[Transfer] = []
    with _opened(url, folder) as (store, parsed):
        for number, (path, key) in enumerate(targets):
            address = str(parsed.with_key(key))
            tell = _told(report, str(path), number, len(targets))
            size = path.stat().st_size
            there = _head(store, key)
            if there is not None and same_content(store, there, path):
                tell(size, size)
                done.append(Transfer(str(path), address, size, "same"))
                continue
            upload_file(store, key, path, journal, tell)
            done.append(Transfer(str(path), address, size, "sent"))
    return done


def get_objects(
    url: str, target: Path, folder: Path | None = None, report: Report | None = None
) -> list[Transfer]:
    """Fetch one object, or all under a folder or a pattern; no key leads out of `target`."""
    done: list[Transfer] = []
    with _opened(url, folder) as (store, parsed):
        many = url.endswith("/") or is_glob(parsed.key) or not parsed.key
        found = list(matching(store, parsed.key)) if many else [store.head(parsed.key)]
        base = glob_root(parsed.key).rpartition("/")[0] if many else ""
        for number, info in enumerate(found):
            name = info.key[len(base) :].lstrip("/") if many else info.key.rpartition("/")[2]
            path = _inside(target, name) if many or target.is_dir() else target
            if info.key.endswith("/"):
                continue
            tell = _told(report, str(path), number, len(found))
            if path.is_file() and same_content(store, info, path):
                outcome: Literal["same", "fetched"] = "same"
                tell(info.size, info.size)
            else:
                outcome = "fetched"
                download_file(store, info, path, tell)
            address = str(parsed.with_key(info.key))
            done.append(Transfer(str(path), address, info.size, outcome))
    return done


def remove_objects(url: str, folder: Path | None = None, *, recursive: bool = False) -> list[str]:
    """Remove one object; with `recursive` all under a prefix or pattern. Returns what is gone."""
    with _opened(url, folder) as (store, parsed):
        many = url.endswith("/") or is_glob(parsed.key) or not parsed.key
        if many and not recursive:
            raise UsageError(
                f"`{url}` stands for many objects",
                code="cli.usage",
                hint="Add --recursive to remove them all.",
            )
        keys = [i.key for i in matching(store, parsed.key)] if many else [parsed.key]
        if not many:
            store.head(parsed.key)
        for key in keys:
            store.delete(key)
        return [str(parsed.with_key(key)) for key in keys]


def probe_store(url: str, folder: Path | None = None) -> list[ProbeCheck]:
    """Try out what a bucket's endpoint honours."""
    parsed = parse_url(url)
    if parsed.scheme != "s3":
        raise UsageError(f"`{url}` is no bucket", code="cli.usage", hint="Give one: `s3://bucket`.")
    options = store_options(resolver(open_project(folder, needed=False)), parsed)
    return probe(parsed.bucket, parse_options(options))


@contextmanager
def _opened(url: str, folder: Path | None) -> Iterator[tuple[ObjectStore, StoreUrl]]:
    store, parsed = open_project_store(url, folder)
    try:
        yield store, parsed
    finally:
        store.close()


def _files_of(file: Path) -> Iterator[tuple[Path, str]]:
    """The files of a path, each with its name under the target."""
    if file.is_dir():
        for path in sorted(file.rglob("*")):
            if path.is_file():
                yield path, path.relative_to(file).as_posix()
        return
    if not file.is_file():
        raise UsageError(
            f"there is no file {file}", code="cli.unreadable", where=Where(file=str(file))
        )
    yield file, file.name


def _head(store: ObjectStore, key: str) -> ObjectInfo | None:
    try:
        return store.head(key)
    except StoreError as error:
        if error.code == "store.missing":
            return None
        raise


def _inside(target: Path, name: str) -> Path:
    """The file for a key's rest; a part that would lead elsewhere is refused."""
    parts = PurePosixPath(name).parts
    if not parts or ".." in parts or name.startswith("/"):
        raise StoreError(
            f"the key `{name}` leads out of the folder {target}",
            code="store.key-refused",
            hint="Fetch that object by itself, into a file that you name.",
        )
    return target.joinpath(*parts)


def _told(report: Report | None, file: str, number: int, total: int) -> Callable[[int, int], None]:
    if report is None:
        return lambda _done, _size: None
    return lambda done, size: report(TransferProgress(file, done, size, number, total))
