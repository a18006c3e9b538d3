"""Files of this machine, by the contract of object stores.

Keys are absolute paths without their first slash. An object is written beside its place and renamed
(or linked, where there must be none) into it. Its etag is made of the file's inode, size and time
of change. Parts of uploads lie in the folder `.uploads` beside the file, hidden from lists.

Non-guarantees: `if_etag` shuts out other writers of Tidemill's only, which lock the folder.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tidemill.errors import StoreError, Where
from tidemill.stores.interface import ObjectInfo, Part

_UPLOADS = ".uploads"


class LocalStore:
    """The files of this machine."""

    url = "file://"
    part_bytes_min = 1

    def list(self, prefix: str = "", after: str = "") -> Iterator[ObjectInfo]:
        """Files below folders, and files whose path starts so; hidden uploads are left out."""
        folder = Path("/" + prefix.rpartition("/")[0])
        with _errors(prefix):
            found = sorted(self._walk(folder, prefix), key=lambda key: key.encode())
        for key in found:
            if key > after:
                with contextlib.suppress(StoreError):  # deleted meanwhile
                    yield self.head(key)

    def _walk(self, folder: Path, prefix: str) -> Iterator[str]:
        for place, folders, files in os.walk(folder):
            folders[:] = [name for name in folders if name != _UPLOADS]
            for name in files:
                key = os.path.join(place, name).lstrip("/")  # noqa: PTH118 - hot, and plain text
                if key.startswith(prefix) and not name.endswith(".part~"):
                    yield key

    def head(self, key: str) -> ObjectInfo:
        """What the file system says of a file."""
        with _errors(key):
            return _info(key, os.stat(_path(key)))  # noqa: PTH116

    def get(self, key: str, *, etag: str | None = None) -> bytes:
        """The file as it is when it is opened."""
        return self._read(key, 0, -1, etag)

    def get_range(self, key: str, start: int, length: int, *, etag: str | None = None) -> bytes:
        """Some bytes of the file."""
        return self._read(key, start, max(0, length), etag)

    def _read(self, key: str, start: int, length: int, etag: str | None) -> bytes:
        with _errors(key), _path(key).open("rb") as file:
            found = _info(key, os.fstat(file.fileno()))
            if etag is not None and found.etag != etag:
                raise _failed(key, "store.changed", "is another version now")
            file.seek(start)
            return file.read(length)

    def put(
        self, key: str, content: bytes, *, if_absent: bool = False, if_etag: str | None = None
    ) -> str:
        """Write beside the place, then rename or link."""
        path = _path(key)
        with _errors(key):
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_name(f".{secrets.token_hex(6)}.part~")
            fresh.write_bytes(content)
            return self._place(key, fresh, if_absent=if_absent, if_etag=if_etag)

    def _place(
        self, key: str, fresh: Path, *, if_absent: bool = False, if_etag: str | None = None
    ) -> str:
        path = _path(key)
        try:
            with fresh.open("rb") as file:
                os.fsync(file.fileno())
            if if_absent:
                os.link(fresh, path)
            elif if_etag is not None:
                with _locked(path.parent):
                    if self.head(key).etag != if_etag:
                        raise _failed(key, "store.condition-failed", "is another version")
                    fresh.replace(path)
            else:
                fresh.replace(path)
        except FileExistsError as error:
            raise _failed(key, "store.condition-failed", "is there already") from error
        finally:
            fresh.unlink(missing_ok=True)
        return self.head(key).etag

    def delete(self, key: str) -> None:
        """Remove the file; its folder stays."""
        with _errors(key):
            _path(key).unlink(missing_ok=True)

    def start_upload(self, key: str) -> str:
        """Make a folder for the parts."""
        upload = secrets.token_hex(12)
        with _errors(key):
            _parts_folder(key, upload).mkdir(parents=True)
            (_parts_folder(key, upload) / "key").write_text(key, encoding="utf-8")
        return upload

    def put_part(self, key: str, upload: str, number: int, content: bytes) -> Part:
        """Write one part."""
        folder = _parts_folder(key, upload)
        with _errors(key, "store.no-upload"):
            fresh = folder / f"{number}.part~"
            fresh.write_bytes(content)
            fresh.replace(folder / str(number))
            return _part(folder / str(number))

    def parts(self, key: str, upload: str) -> Sequence[Part]:
        """The parts' files."""
        if not _parts_folder(key, upload).is_dir():
            return ()
        with _errors(key, "store.no-upload"):
            found = [p for p in _parts_folder(key, upload).iterdir() if p.name.isdigit()]
            return [_part(path) for path in sorted(found, key=lambda path: int(path.name))]

    def uploads(self, prefix: str) -> Iterator[tuple[str, str]]:
        """The folders of parts, by the keys written in them."""
        for place, folders, _ in os.walk("/" + prefix.rpartition("/")[0]):
            if Path(place).name == _UPLOADS:
                for upload in sorted(folders):
                    name = (Path(place) / upload / "key").read_text(encoding="utf-8")
                    if name.startswith(prefix):
                        yield name, upload
                folders.clear()

    def complete_upload(
        self, key: str, upload: str, parts: Sequence[Part], *, if_absent: bool = False
    ) -> str:
        """Put the parts together beside the place, then rename."""
        folder = _parts_folder(key, upload)
        with _errors(key, "store.no-upload"):
            fresh = folder / "whole.part~"
            with fresh.open("wb") as out:
                for part in parts:
                    with (folder / str(part.number)).open("rb") as content:
                        shutil.copyfileobj(content, out, 1 << 20)
            etag = self._place(key, fresh, if_absent=if_absent)
        self.abort_upload(key, upload)
        return etag

    def abort_upload(self, key: str, upload: str) -> None:
        """Remove the parts."""
        shutil.rmtree(_parts_folder(key, upload), ignore_errors=True)
        with contextlib.suppress(OSError):
            _parts_folder(key, upload).parent.rmdir()

    def close(self) -> None:
        """Nothing is open."""


def _path(key: str) -> Path:
    parts = key.split("/")
    if not key or any(part in ("", ".", "..") for part in parts) or "\0" in key:
        raise StoreError(
            f"`{key}` cannot be the path of a file",
            code="store.key-refused",
            where=Where(file=f"file:///{key}"),
            hint="A file's path has no empty part, no `.` and no `..`.",
        )
    return Path("/" + key)


def _parts_folder(key: str, upload: str) -> Path:
    return _path(key).parent / _UPLOADS / upload


def _part(path: Path) -> Part:
    stat = path.stat()
    return Part(int(path.name), f"{stat.st_ino:x}-{stat.st_mtime_ns:x}", stat.st_size)


def _info(key: str, stat: os.stat_result) -> ObjectInfo:
    modified = datetime.datetime.fromtimestamp(stat.st_mtime, datetime.UTC)
    etag = f"{stat.st_ino:x}-{stat.st_size:x}-{stat.st_mtime_ns:x}"
    return ObjectInfo(key, stat.st_size, etag, modified)


def _failed(key: str, code: str, what: str) -> StoreError:
    return StoreError(f"`/{key}` {what}", code=code, where=Where(file=f"file:///{key}"))


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the system frees it when a process dies."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def _errors(key: str, missing: str = "store.missing") -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise _failed(key, missing, "is not there, or is no file") from error
    except OSError as error:
        raise StoreError(
            f"`{error.filename or key}`: {error.strerror or error}",
            code="store.login-refused" if isinstance(error, PermissionError) else "store.refused",
            where=Where(file=f"file:///{key}"),
            hint="Check the rights, and that the disk is not full.",
        ) from error
