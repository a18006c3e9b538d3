"""Checkpoints on disk: one immutable file per epoch, and the lock of the folder.

`epoch-<n>.checkpoint` holds, in this order: a magic number, the length of the manifest, the
manifest (JSON), the sections it names (Arrow IPC streams: state deltas and staged output), and a
BLAKE2b checksum of all before it. A file is written under a temporary name, flushed to disk,
renamed, and the folder is flushed: after that it exists as a whole or not at all. One file instead
of a folder of files means two flushes an epoch instead of a handful.

Guarantees: what `read` returns is bit for bit what `write` was given, or it raises. Only one
engine at a time holds a folder (`flock`, released by the kernel when a process dies).
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import struct
from collections.abc import Callable
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa

from tidemill.engine import crash_points
from tidemill.errors import EngineError, Where
from tidemill.records import dataclass

_NOT_ITS_FAULT = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EACCES, errno.EPERM)
"""Why a good file cannot be read now: no reason to go back past it."""
FORMAT = 1
_MAGIC = b"TIDEMILL"
_DIGEST_BYTES = 32
_APPLIED = "applied"
_LOCK = "lock"
_EPOCH = "epoch-"
_SUFFIX = ".checkpoint"
_DROPPED = ".dropped"
_PIECEMEAL_BYTES = 4 << 20
"""A section above it is written buffer by buffer, which takes more calls and less memory."""

Chunk = bytes | memoryview
Put = Callable[[Chunk], None]


class DamagedError(Exception):
    """A file is not what was written."""


@dataclass(slots=True)
class Checkpoint:
    """A manifest and its sections; the manifest refers to sections by index."""

    epoch: int
    manifest: dict[str, Any]
    sections: list[pa.Table] = field(default_factory=list)

    def add(self, table: pa.Table) -> int:
        """Put a table in; returns its index."""
        self.sections.append(table)
        return len(self.sections) - 1


class CheckpointStore:
    """The checkpoints of one job in one folder."""

    def __init__(self, folder: Path, durable: bool = True) -> None:
        self.folder = folder
        self._durable = durable
        self._lock_fd: int | None = None

    def lock(self) -> None:
        """Take the folder for this process, or EngineError with who has it."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _io_error(self.folder, error) from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.pread(fd, 100, 0).decode(errors="replace").strip()
            os.close(fd)
            raise EngineError(
                f"another engine runs on the state in {self.folder}"
                + (f" (process {owner})" if owner else ""),
                code="engine.state-locked",
                where=Where(file=str(self.folder)),
                hint="Stop it first, or give this pipeline another name.",
            ) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, str(os.getpid()).encode(), 0)
        self._lock_fd = fd
        for leftover in self.folder.glob("*.tmp"):
            leftover.unlink(missing_ok=True)

    def unlock(self) -> None:
        """Give the folder back."""
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    def path(self, epoch: int) -> Path:
        """The file of an epoch."""
        return self.folder / f"{_EPOCH}{epoch:012d}{_SUFFIX}"

    def epochs(self) -> list[int]:
        """All epochs on disk, ascending, damaged or not."""
        return sorted(number for number, suffix in self._files() if suffix == _SUFFIX)

    def _files(self) -> list[tuple[int, str]]:
        """Number and suffix of each file of an epoch."""
        try:
            names = os.listdir(self.folder)  # noqa: PTH208 - once an epoch, so cheap
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _io_error(self.folder, error, "read") from error
        parts = [name[len(_EPOCH) :].partition(".") for name in names if name.startswith(_EPOCH)]
        return [(int(number), f".{suffix}") for number, _, suffix in parts if number.isdigit()]

    def highest(self) -> int:
        """The greatest number that an epoch here has ever had, as far as its trace is there; or 0.

        Those that were dropped, set aside or never decided count: a number is not used twice.
        """
        return max((number for number, suffix in self._files() if suffix != ".tmp"), default=0)

    def write(self, checkpoint: Checkpoint) -> int:
        """Make the checkpoint durable; returns its size in bytes."""
        return self._write_file(self.path(checkpoint.epoch), partial(_encode, checkpoint))

    def _write_file(self, path: Path, encode: Callable[[Put], None]) -> int:
        temporary, size = path.with_suffix(".tmp"), 0

        def put(chunk: Chunk) -> None:
            nonlocal size
            self._put(file.fileno(), memoryview(chunk))
            if size == 0:
                crash_points.reach("mid-staging")
            size += len(chunk)

        try:
            with temporary.open("wb", buffering=0) as file:
                encode(put)
                self._flush(file.fileno())
            temporary.rename(path)
            self._flush_folder()
        except OSError as error:
            raise _io_error(path, error) from error
        return size

    def _put(self, fd: int, chunk: memoryview) -> None:
        _write_all(fd, chunk)

    def _flush(self, fd: int) -> None:
        if self._durable:
            os.fdatasync(fd)

    def _flush_folder(self) -> None:
        if not self._durable:
            return
        fd = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def read(self, epoch: int) -> Checkpoint:
        """The checkpoint of an epoch; DamagedError where it is not what was written."""
        try:
            data = self.path(epoch).read_bytes()
        except OSError as error:
            if error.errno in _NOT_ITS_FAULT:
                raise _io_error(self.path(epoch), error, "read") from error
            raise DamagedError(f"cannot be read: {error.strerror}") from error
        return _decode(epoch, data)

    def manifest(self, epoch: int) -> dict[str, Any]:
        """Only the manifest of an epoch, for a look at it; the checksum is not verified.

        Raises DamagedError where it cannot be read, as when the engine has just removed it.
        """
        start = len(_MAGIC) + 8
        try:
            with self.path(epoch).open("rb") as file:
                head = file.read(start)
                if head[: len(_MAGIC)] != _MAGIC or len(head) < start:
                    raise DamagedError("it is not a checkpoint")
                (length,) = struct.unpack("<Q", head[len(_MAGIC) :])
                found: dict[str, Any] = json.loads(file.read(length))
        except OSError as error:
            raise DamagedError(f"cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise DamagedError("its manifest is no JSON") from error
        return found

    def owner(self) -> int | None:
        """The process whose engine holds the folder now; None where there is none."""
        lock = self.folder / _LOCK
        try:
            pid = int(lock.read_text() or 0)
            files = psutil.Process(pid).open_files() if pid else []
        except (OSError, ValueError, psutil.Error):
            return None
        return pid if any(Path(file.path) == lock.resolve() for file in files) else None

    def remove_before(self, epoch: int) -> None:
        """Remove the checkpoints that nothing needs any more, and the traces of dropped ones."""
        for number, suffix in self._files():
            if suffix == _DROPPED or (suffix == _SUFFIX and number < epoch):
                self.path(number).with_suffix(suffix).unlink(missing_ok=True)

    def drop(self, epoch: int) -> None:
        """Remove one checkpoint that was never decided; that its number was used stays known.

        The trace is an empty file, which goes when a later epoch is complete everywhere.
        """
        trace = self.path(epoch).with_suffix(_DROPPED)
        self.path(epoch).rename(trace)
        os.truncate(trace, 0)
        self._flush_folder()

    def mark_applied(self, epoch: int) -> None:
        """Note that all groups have this epoch: nothing of it has to be applied again.

        Groups that cannot say themselves what they hold (print) need it, and savepoints of a
        stopped job. It is written once, at an orderly end, and counts only while no newer epoch
        is decided.
        """
        self._write_file(self.folder / _APPLIED, lambda put: put(str(epoch).encode()))

    def applied(self) -> int | None:
        """The epoch of the last orderly end, if there was one."""
        try:
            return int((self.folder / _APPLIED).read_bytes())
        except OSError as error:
            if error.errno in _NOT_ITS_FAULT:
                raise _io_error(self.folder / _APPLIED, error, "read") from error
            return None
        except ValueError:
            return None

    def forget_applied(self) -> None:
        """Remove the note of an orderly end whose checkpoint is lost: its number comes again."""
        (self.folder / _APPLIED).unlink(missing_ok=True)

    def set_aside(self, epoch: int) -> Path:
        """Keep a damaged checkpoint out of the way, for inspection."""
        kept = self.path(epoch).with_suffix(".damaged")
        self.path(epoch).rename(kept)
        self._flush_folder()
        return kept


def _encode(checkpoint: Checkpoint, put: Put) -> None:
    """Hand the file over piece by piece; a large section is never there as a whole."""
    sections = [_section(table) for table in checkpoint.sections]
    manifest = {
        **checkpoint.manifest,
        "format": FORMAT,
        "epoch": checkpoint.epoch,
        "section_bytes": [size for _, size in sections],
    }
    head = json.dumps(manifest, separators=(",", ":")).encode()
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)

    def hashed(chunk: Chunk) -> None:
        digest.update(chunk)
        put(chunk)

    hashed(_MAGIC + struct.pack("<Q", len(head)) + head)
    for section, _ in sections:
        if isinstance(section, pa.Table):
            _stream(section, pa.PythonFile(_Pieces(hashed), mode="w"))
        else:
            hashed(section)
    put(digest.digest())


def _decode(epoch: int, data: bytes) -> Checkpoint:
    body, stored = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    if hashlib.blake2b(body, digest_size=_DIGEST_BYTES).digest() != stored:
        raise DamagedError("its checksum does not fit")
    start = len(_MAGIC) + 8
    if body[: len(_MAGIC)] != _MAGIC:
        raise DamagedError("it is not a checkpoint")
    (length,) = struct.unpack("<Q", body[len(_MAGIC) : start])
    manifest = json.loads(body[start : start + length])
    if manifest["format"] > FORMAT:
        raise EngineError(
            f"checkpoint {epoch} has format {manifest['format']}, this version reads {FORMAT}",
            code="engine.checkpoint-format",
            hint="Run it with the version of Tidemill that wrote it, or a newer one.",
        )
    if manifest["epoch"] != epoch:
        raise DamagedError(f"it holds epoch {manifest['epoch']}")
    view, position = memoryview(body), start + length
    checkpoint = Checkpoint(epoch, manifest)
    for size in manifest["section_bytes"]:
        reader = pa.ipc.open_stream(pa.py_buffer(view[position : position + size]))
        checkpoint.sections.append(reader.read_all())
        position += size
    return checkpoint


def _section(table: pa.Table) -> tuple[pa.Table | memoryview, int]:
    """A section as it is to be written, and its size: a small one is encoded now, in one piece."""
    if table.nbytes > _PIECEMEAL_BYTES:
        counted = pa.MockOutputStream()
        _stream(table, counted)
        return table, counted.size()
    sink = pa.BufferOutputStream()
    _stream(table, sink)
    encoded = memoryview(sink.getvalue())
    return encoded, len(encoded)


def _stream(table: pa.Table, sink: pa.NativeFile) -> None:
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)


class _Pieces:
    """A file, for Arrow, that hands over what is written to it."""

    closed = False

    def __init__(self, put: Put) -> None:
        self.write = put

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """Nothing to give back."""


def _write_all(fd: int, view: memoryview) -> None:
    view = view.cast("B")
    while view:
        view = view[os.write(fd, view) :]


def _io_error(path: Path, error: OSError, what: str = "write") -> EngineError:
    return EngineError(
        f"cannot {what} {path}: {error.strerror}",
        code="engine.checkpoint-io",
        where=Where(file=str(path)),
        hint="Check the free space and the permissions of the state folder, and how many files a "
        "process may open (ulimit -n); nothing is lost: the next start goes on from the last "
        "checkpoint.",
    )
