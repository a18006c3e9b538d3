"""Dead letters that a sink gives back after its epoch is decided, kept until the next epoch.

Such a group commits epoch n only after its letters lie durably in `letters-<group>-<n>.arrow`;
they go out with the next epoch, whose checkpoint says so. A crash in between loses none and
repeats none. A group that is written at once gives its letters back before the epoch is decided.

`without_bytes` makes those short that the dead-letter table itself refuses, such as one that holds
a message larger than its topic takes: better an origin and a reason than nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path

import pyarrow as pa

from tidemill.errors import Where
from tidemill.model import DeadLetter

_PREFIX = "letters-"
_BINARY = ("key", "value")
_log = logging.getLogger("tidemill.engine.letters")


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
    _remove(folder, lambda number: number < epoch)


def remove_after(folder: Path, epoch: int) -> None:
    """Remove the letters of epochs that were never decided: their numbers may be used again."""
    _remove(folder, lambda number: number > epoch)


def _remove(folder: Path, unwanted: Callable[[int], bool]) -> None:
    for name in os.listdir(folder):  # noqa: PTH208 - once an epoch, so cheap
        if name.startswith(_PREFIX) and name.endswith(".arrow"):
            path = folder / name
            if unwanted(int(path.stem.rsplit("-", 1)[1])):
                path.unlink(missing_ok=True)


def without_bytes(refused: Sequence[DeadLetter]) -> list[DeadLetter]:
    """Refused dead letters again, without the raw bytes of their messages."""
    return [short for letter in refused if (short := _without_bytes(letter)) is not None]


def _without_bytes(refused: DeadLetter) -> DeadLetter | None:
    try:
        row = json.loads(refused.value or b"null")
        texts = {f.name: row[f.name] for f in fields(DeadLetter) if f.name not in _BINARY}
        sizes = {name: len(base64.b64decode(row[name])) for name in _BINARY if row[name]}
    except (ValueError, TypeError, KeyError):
        sizes = {}
    if not sizes:
        place = Where(
            table=refused.table, topic=refused.topic, partition=refused.partition,
            offset=refused.position,
        )  # fmt: skip
        _log.error("a dead letter could not be kept: %s", refused.message, extra={"where": place})
        return None
    lost = ", ".join(f"a {name} of {size} bytes" for name, size in sizes.items())
    texts["message"] = f"{texts['message']} (not kept, as it is too large: {lost})"
    return DeadLetter(**texts)
