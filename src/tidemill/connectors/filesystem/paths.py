"""Paths: which are served, which files they name, and the partition values in them."""

from __future__ import annotations

import contextlib
import glob
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from tidemill.errors import ConnectorError, ProjectError, Where

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(.*)", re.DOTALL)
_MAGIC = re.compile(r"[*?\[]")
_ESCAPED = "\"#%'*/:=?\\{[]^\x7f"
"""Hive's characters that may not stand in a partition folder's name, besides control ones."""


def local_path(text: str) -> Path:
    """The local path of an option's text; `file:` is taken off, other schemes are refused."""
    match = _SCHEME.fullmatch(text)
    if match is None:
        return Path(os.path.abspath(Path(text).expanduser()))  # noqa: PTH100 - keeps symlinks
    scheme, rest = match.groups()
    if scheme.lower() != "file":
        raise ProjectError(
            f"the filesystem connector reads and writes local files and `s3:`, not `{scheme}:`",
            code="connector.path-refused",
            hint="Give a local path, `file:///path`, or `s3://bucket/key`.",
        )
    if rest.startswith("//"):
        host, _, rest = rest[2:].partition("/")
        if host not in ("", "localhost"):
            raise ProjectError(
                f"the path names another machine, `{host}`",
                code="connector.path-refused",
                hint="A local file's address has three slashes: `file:///path`.",
            )
        rest = f"/{rest}"
    return Path(os.path.abspath(unquote(rest)))  # noqa: PTH100 - keeps symlinks


def find_files(path: Path, pattern: re.Pattern[str] | None) -> list[Path]:
    """The files that a source reads, in the order of their paths."""
    if _MAGIC.search(str(path)) and not path.exists():
        found: list[Path] = []
        for name in glob.glob(str(path), recursive=True):  # noqa: PTH207 - a user's own pattern
            found.extend(_files_under(Path(name)))
    else:
        found = list(_files_under(path))
    kept = {f for f in found if pattern is None or pattern.fullmatch(str(f))}
    return sorted(kept, key=str)


def _files_under(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(f for f in folders if not f.startswith((".", "_")))
        for name in sorted(files):
            if not name.startswith((".", "_")):
                yield Path(folder) / name


def partition_values(path: Path, keys: Mapping[str, str]) -> dict[str, str | None]:
    """The values of `key=value` folders; `keys` maps each wanted key to the name for NULL."""
    values: dict[str, str | None] = {}
    for part in path.parts[:-1]:
        key, separator, value = part.partition("=")
        if separator and unquote(key) in keys:
            name = unquote(key)
            values[name] = None if value == keys[name] else unquote(value)
    return values


def escape(text: str) -> str:
    """A partition key or value as part of a folder's name, as Hive escapes it."""
    if text in (".", ".."):
        return text.replace(".", "%2E")
    return "".join(f"%{ord(c):02X}" if c in _ESCAPED or ord(c) < 32 else c for c in text)


@contextmanager
def file_errors(path: Path | str, table: str | None = None) -> Iterator[None]:
    """Turn every OSError inside into a ConnectorError that names the path."""
    try:
        yield
    except OSError as error:
        raise ConnectorError(
            f"`{error.filename or path}`: {error.strerror or error}",
            code="connector.file-system",
            where=Where(file=str(path), table=table),
            hint="Check that the path exists, its rights, and that the disk is not full.",
        ) from error


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some file systems cannot sync folders
            os.fsync(handle)
    finally:
        os.close(handle)
