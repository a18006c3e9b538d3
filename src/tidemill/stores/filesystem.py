"""Object stores as a read-only fsspec file system, for libraries that take one (DuckDB, Arrow).

Paths are `s3://bucket/key`. Reads are ranged requests of one version of an object, so what a reader
does not ask for (other columns, other row groups) is not fetched.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from fsspec.spec import AbstractFileSystem

from tidemill.errors import StoreError, TidemillError
from tidemill.stores.globs import glob_pattern, glob_root, is_glob
from tidemill.stores.interface import ObjectInfo, ObjectStore
from tidemill.stores.shared_file import SharedFile
from tidemill.stores.url import parse_url


class StoreFileSystem(AbstractFileSystem):  # type: ignore[misc]
    """All buckets that `store_of` opens, by name; each is opened once and closed by `close`."""

    protocol = ("s3", "s3a", "s3n")
    cachable = False

    def __init__(self, store_of: Callable[[str], ObjectStore]) -> None:
        super().__init__()
        self._store_of = store_of
        self._stores: dict[str, ObjectStore] = {}
        self._known: dict[str, ObjectInfo] = {}
        self.failure: TidemillError | None = None
        """Why the last object could not be opened; some libraries pass on its text only."""

    def glob(self, path: str, maxdepth: int | None = None, **_: Any) -> list[str]:
        """The objects that a pattern names, in order; a path without one names itself."""
        store, key = self._find(path)
        bucket = store.url.removeprefix("s3://")
        if not is_glob(key):
            return [f"{bucket}/{key}"] if self.exists(path) else []
        pattern = re.compile(glob_pattern(key), re.DOTALL)
        found = [info for info in store.list(glob_root(key)) if pattern.fullmatch(info.key)]
        self._known |= {f"{bucket}/{info.key}": info for info in found}
        return [f"{bucket}/{info.key}" for info in found]

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Size, etag and time of an object; FileNotFoundError where there is none."""
        info = self._info(path)
        return {
            "name": self._strip_protocol(path),
            "size": info.size,
            "type": "file",
            "ETag": info.etag,
            "LastModified": info.modified,
        }

    def exists(self, path: str, **_: Any) -> bool:
        """Whether there is such an object."""
        try:
            self._info(path)
        except FileNotFoundError:
            return False
        return True

    def isdir(self, path: str) -> bool:
        """A store has no folders."""
        return False

    def modified(self, path: str) -> Any:
        """When an object was written."""
        return self._info(path).modified

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        """All objects under a prefix."""
        store, key = self._find(path)
        bucket = store.url.removeprefix("s3://")
        folder = f"{key.rstrip('/')}/" if key.strip("/") else ""
        names = [f"{bucket}/{info.key}" for info in store.list(folder)]
        return [self.info(name) for name in names] if detail else names

    def open(self, path: str, mode: str = "rb", **_: Any) -> SharedFile:
        """An object to read; no other mode is served."""
        if mode not in ("rb", "r"):
            raise PermissionError(f"`{path}` is opened for reading only")
        store, _key = self._find(path)
        return SharedFile(store, self._info(path))

    def close(self) -> None:
        """Close the stores."""
        for store in self._stores.values():
            store.close()
        self._stores.clear()

    def _find(self, path: str) -> tuple[ObjectStore, str]:
        url = parse_url(f"s3://{self._strip_protocol(path)}")
        if url.bucket not in self._stores:
            try:
                self._stores[url.bucket] = self._store_of(url.bucket)
            except TidemillError as error:
                self.failure = error
                raise
        return self._stores[url.bucket], url.key

    def _info(self, path: str) -> ObjectInfo:
        name = self._strip_protocol(path)
        if name not in self._known:
            store, key = self._find(path)
            try:
                self._known[name] = store.head(key)
            except StoreError as error:
                if error.code != "store.missing":
                    self.failure = error
                    raise
                raise FileNotFoundError(path) from error
        return self._known[name]

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return re.sub(r"^s3[an]?://", "", str(path))
