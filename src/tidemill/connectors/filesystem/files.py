"""A file that was found, on this machine or in an object store: what its readers need of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from tidemill.records import dataclass
from tidemill.stores.interface import ObjectInfo, ObjectStore
from tidemill.stores.reader import open_object


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One file; `name` is its path, or its address in an object store."""

    name: str
    size: int
    modified_ms: int
    open: Callable[[], BinaryIO]
    path: Path | None = None
    """Where it lies on this machine: Arrow reads a path faster than a Python file."""


def local_file(path: Path) -> FoundFile:
    """A file of this machine as it is now; raises OSError."""
    stat = os.stat(path)  # noqa: PTH116 - one call for both facts
    return FoundFile(
        str(path), stat.st_size, stat.st_mtime_ns // 10**6, lambda: path.open("rb"), path
    )


def stored_file(store: ObjectStore, info: ObjectInfo) -> FoundFile:
    """This version of an object; reading it raises StoreError where there is another by then."""
    return FoundFile(
        f"{store.url}/{info.key}",
        info.size,
        int(info.modified.timestamp() * 1000),
        lambda: open_object(store, info),
    )
