"""Which objects a table's `s3://` path names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidemill.connectors.filesystem.options import FileOptions
from tidemill.stores import ObjectInfo, ObjectStore, StoreUrl
from tidemill.stores.globs import glob_pattern, glob_root, is_glob


def find_objects(store: ObjectStore, options: FileOptions) -> Iterator[ObjectInfo]:
    """The objects that a source reads, in the order of their keys.

    As with local files, what lies under a name that begins with `.` or `_` is hidden; so is a key
    that ends with a slash, which other tools keep as the mark of a folder.
    """
    assert options.url is not None
    key = options.url.key
    glob = re.compile(glob_pattern(key) + r"(/.*)?", re.DOTALL) if is_glob(key) else None
    root = glob_root(key) if glob else key.rstrip("/")
    folder = root[: root.rfind("/") + 1] if glob else folder_of(options.url)
    for info in store.list(root):
        if glob is not None:
            named = glob.fullmatch(info.key) is not None
        else:
            named = info.key == key or info.key.startswith(folder)
        if not named or (info.key != key and _hidden(info.key[len(folder) :])):
            continue
        address = str(options.url.with_key(info.key))
        if options.pattern is None or options.pattern.fullmatch(address):
            yield info


def folder_of(url: StoreUrl) -> str:
    """The key as a prefix that ends with a slash; empty for the whole bucket."""
    return f"{url.key.rstrip('/')}/" if url.key.strip("/") else ""


def _hidden(rest: str) -> bool:
    parts = rest.split("/")
    return not parts[-1] or any(part.startswith((".", "_")) for part in parts)
