"""Log files of servers: opened for appending, rotated by size, read from the end."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import IO

ROTATE_BYTES = 10 * 1024 * 1024
RUNNING_BYTES_MAX = 50 * 1024 * 1024
KEPT = 3


def open_log(path: Path) -> IO[bytes]:
    """Open a log for appending, after setting a large one aside."""
    if path.exists() and path.stat().st_size > ROTATE_BYTES:
        _shift(path)
        path.rename(_numbered(path, 1))
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    return os.fdopen(descriptor, "ab", buffering=0)


def trim_running(path: Path) -> None:
    """Set aside the log of a server that runs on: copied and emptied, as the server holds it open.

    Lines written in between the two are lost; the server appends, so it goes on at the start.
    """
    if path.stat().st_size > RUNNING_BYTES_MAX:
        _shift(path)
        shutil.copyfile(path, _numbered(path, 1))
        os.truncate(path, 0)


def tail(path: Path, lines: int, from_byte: int = 0, bytes_max: int = 256 * 1024) -> list[str]:
    """The last lines of a log, not looking before `from_byte`; empty where there is none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            begin = max(from_byte if from_byte <= size else 0, size - bytes_max)
            file.seek(begin)
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    found = text.splitlines()
    return found[-lines:] if lines else []


def size_of(path: Path) -> int:
    """The size of a log; 0 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _shift(path: Path) -> None:
    for number in range(KEPT - 1, 0, -1):
        older = _numbered(path, number)
        if older.exists():
            older.replace(_numbered(path, number + 1))


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")
