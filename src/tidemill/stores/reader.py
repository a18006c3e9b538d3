"""An object as a file to read: ranged requests, all of one version."""

from __future__ import annotations

import io
from typing import BinaryIO

from tidemill.stores.interface import ObjectInfo, ObjectStore

BLOCK_BYTES = 4 << 20


def open_object(store: ObjectStore, info: ObjectInfo) -> BinaryIO:
    """The object as a seekable binary file, for one thread.

    Every request asks for the version that `info` names, so what is read is of that version, or
    `store.changed` is raised (`store.missing` where it is gone). Objects of up to 4 MiB are fetched
    by one request. Closing it closes nothing of the store's.
    """
    return io.BufferedReader(_ObjectFile(store, info), BLOCK_BYTES)


class _ObjectFile(io.RawIOBase):
    """Gives bytes from where it stands; the buffer above it decides how many."""

    def __init__(self, store: ObjectStore, info: ObjectInfo) -> None:
        self._store = store
        self._info = info
        self._at = 0
        self._whole: bytes | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._info.size}[whence]
        if base + offset < 0:
            raise ValueError("a place before the beginning of an object")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        wanted = min(len(buffer), self._info.size - self._at)
        if wanted <= 0:
            return 0
        content = self._bytes(wanted)
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)

    def _bytes(self, wanted: int) -> bytes:
        key, etag = self._info.key, self._info.etag
        if self._info.size <= BLOCK_BYTES and self._whole is None:
            self._whole = self._store.get(key, etag=etag)
        if self._whole is not None:
            return self._whole[self._at : self._at + wanted]
        return self._store.get_range(key, self._at, wanted, etag=etag)
