"""Dead letters that a sink gives back after its epoch is decided, kept until the next epoch.

Such a group commits epoch n only after its letters lie durably in `letters-<group>-<n>.arrow`;
they go out with the next epoch, whose checkpoint says so. A crash in between loses none and
repeats none.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pyarrow as pa

_PREFIX = "letters-"


def _path(folder: Path, group: str, epoch: int) -> Path:
    name = hashlib.blake2b(group.encode(), digest_size=8).hexdigest()
    return folder / f"{_PREFIX}{name}-{epoch:012d}.arrow"


def keep(folder: Path, group: str, epoch: int, letters: pa.RecordBatch) -> None:
    """Make the letters durable."""
    path = _path(folder, group, epoch)
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        with pa.ipc.new_stream(file, letters.schema) as writer:
            writer.write_batch(letters)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)


def kept(folder: Path, group: str, epoch: int) -> pa.Table | None:
    """The letters of a group's epoch, if there are any."""
    path = _path(folder, group, epoch)
    if not path.exists():
        return None
    with path.open("rb") as file:
        return pa.ipc.open_stream(file).read_all()


def remove_before(folder: Path, epoch: int) -> None:
    """Remove the letters of epochs that lie behind."""
    for path in folder.glob(f"{_PREFIX}*.arrow"):
        if int(path.stem.rsplit("-", 1)[1]) < epoch:
            path.unlink(missing_ok=True)
