"""An object as a file that several threads read at once, each by `seek` and `read`."""

from __future__ import annotations

import io
import threading
from typing import Any

from tidemill.stores.interface import ObjectInfo, ObjectStore

WHOLE_BYTES = 4 << 20
AHEAD_BYTES = 256 << 10


class SharedFile:
    """One version of an object, by ranges; objects of up to 4 MiB by one request.

    A thread's `read` after its own `seek` reads there, whatever other threads did in between
    (DuckDB's do so with one handle); without a `seek` of its own it goes on at the file's place.
    """

    closed = False

    def __init__(self, store: ObjectStore, info: ObjectInfo) -> None:
        self._store, self._info = store, info
        self._at = 0
        self._own = threading.local()
        self._whole: bytes | None = None

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def writable(self) -> bool:
        """It is not."""
        return False

    def tell(self) -> int:
        """Where this thread reads next."""
        own: int | None = getattr(self._own, "at", None)
        return self._at if own is None else own

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Set where this thread reads next."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.tell(), io.SEEK_END: self._info.size}[whence]
        self._own.at = self._at = base + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; fewer at the end only."""
        at = self.tell()
        left = max(0, self._info.size - at)
        content = self._bytes(at, left if size < 0 else min(size, left))
        self._own.at = None
        self._at = at + len(content)
        return content

    def _bytes(self, at: int, size: int) -> bytes:
        key, etag = self._info.key, self._info.etag
        if size == 0:
            return b""
        if self._info.size <= WHOLE_BYTES:
            if self._whole is None:
                self._whole = self._store.get(key, etag=etag)
            return self._whole[at : at + size]
        if size >= AHEAD_BYTES:
            return self._store.get_range(key, at, size, etag=etag)
        start, ahead = getattr(self._own, "ahead", (0, b""))
        if not start <= at <= at + size <= start + len(ahead):
            start, ahead = at, self._store.get_range(key, at, AHEAD_BYTES, etag=etag)
            self._own.ahead = (start, ahead)
        found: bytes = ahead[at - start : at - start + size]
        return found

    def close(self) -> None:
        """Nothing of the store's is open."""
        self.closed = True

    def __enter__(self) -> SharedFile:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
