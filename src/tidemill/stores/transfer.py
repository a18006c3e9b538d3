"""Files to objects and back: in parts, resumed where an earlier try was left, never for nothing.

Guarantees: an object (a file) appears whole. `upload_file` that was interrupted sends only the
parts that the store does not hold, where the file is unchanged; `download_file` fetches the rest of
the same version. `same_content` knows without reading an object whether a file is already there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tidemill.stores.interface import ObjectInfo, ObjectStore, Part

PART_BYTES = 16 << 20
_PARTS_MAX = 10_000

Progress = Callable[[int, int], None]
"""Bytes done and bytes in all."""


def upload_file(
    store: ObjectStore, key: str, path: Path, journal: Path, progress: Progress | None = None
) -> str:
    """Send a file; returns the object's etag.

    Args:
        store: where to.
        key: under which key; what is there is replaced.
        path: the file.
        journal: a folder that remembers uploads under way.
        progress: told after each part.
    """
    report = progress or (lambda _done, _total: None)
    size = path.stat().st_size
    if size <= PART_BYTES:
        etag = store.put(key, path.read_bytes())
        report(size, size)
        return etag
    return _Upload(store, key, path, journal).run(report)


def same_content(store: ObjectStore, info: ObjectInfo, path: Path) -> bool:
    """Whether an object certainly holds what a file holds.

    By size and the etag that S3 gives to such content: its MD5, or that of its parts' where it was
    sent by `upload_file`. False where that cannot be told (encrypted, or sent in other parts).
    """
    if path.stat().st_size != info.size:
        return False
    if store.url == "file://":
        return _md5(path) == _md5(Path("/" + info.key))
    return info.etag == (_md5(path) if "-" not in info.etag else _etag_of_parts(path))


def download_file(
    store: ObjectStore, info: ObjectInfo, path: Path, progress: Progress | None = None
) -> None:
    """Fetch one version of an object into a file, which appears when it is whole."""
    report = progress or (lambda _done, _total: None)
    mark = hashlib.blake2b(f"{info.key} {info.etag}".encode(), digest_size=8).hexdigest()
    fresh = path.with_name(f".{path.name[:100]}.{mark}.part~")
    fresh.parent.mkdir(parents=True, exist_ok=True)
    with fresh.open("ab") as out:
        done = out.tell()
        report(done, info.size)
        while done < info.size:
            block = store.get_range(info.key, done, PART_BYTES, etag=info.etag)
            out.write(block)
            done += len(block)
            report(done, info.size)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)


class _Upload:
    """One multipart upload, remembered in a file until it is complete."""

    def __init__(self, store: ObjectStore, key: str, path: Path, journal: Path) -> None:
        self._store, self._key, self._path = store, key, path
        stat = path.stat()
        self._size = stat.st_size
        self._part_bytes = max(PART_BYTES, -(-self._size // _PARTS_MAX))
        self._facts = {
            "url": store.url, "key": key, "path": str(path.resolve()), "size": self._size,
            "modified_ns": stat.st_mtime_ns, "part_bytes": self._part_bytes,
        }  # fmt: skip
        name = hashlib.blake2b(f"{store.url}/{key}".encode(), digest_size=12).hexdigest()
        journal.mkdir(parents=True, exist_ok=True)
        self._note = journal / f"{name}.json"

    def run(self, report: Progress) -> str:
        upload, held = self._begin()
        done = sum(part.size for part in held.values())
        report(done, self._size)
        parts: list[Part] = []
        with self._path.open("rb") as file:
            for number in range(1, -(-self._size // self._part_bytes) + 1):
                part = held.get(number)
                if part is None:
                    file.seek((number - 1) * self._part_bytes)
                    content = file.read(self._part_bytes)
                    part = self._store.put_part(self._key, upload, number, content)
                    done += part.size
                    report(done, self._size)
                parts.append(part)
        etag = self._store.complete_upload(self._key, upload, parts)
        self._note.unlink(missing_ok=True)
        return etag

    def _begin(self) -> tuple[str, dict[int, Part]]:
        """The upload to go on with, and the parts that need not be sent again."""
        note = self._noted()
        if note is not None:
            upload = str(note["upload"])
            held = self._store.parts(self._key, upload)
            good = {part.number: part for part in held if self._is_ours(part)}
            if {**note, "upload": ""} == {**self._facts, "upload": ""} and good:
                return upload, good
            with contextlib.suppress(Exception):  # it may be gone, or the store not ours any more
                self._store.abort_upload(self._key, upload)
        upload = self._store.start_upload(self._key)
        fresh = self._note.with_suffix(".part~")
        fresh.write_text(json.dumps({**self._facts, "upload": upload}), encoding="utf-8")
        fresh.replace(self._note)
        return upload, {}

    def _is_ours(self, part: Part) -> bool:
        """Whether the store holds a part as the file has it (by MD5, where its etag is one)."""
        with self._path.open("rb") as file:
            file.seek((part.number - 1) * self._part_bytes)
            content = file.read(self._part_bytes)
        is_md5 = len(part.etag) == 32
        return len(content) == part.size and (
            not is_md5 or part.etag == hashlib.md5(content, usedforsecurity=False).hexdigest()
        )

    def _noted(self) -> dict[str, Any] | None:
        try:
            found = json.loads(self._note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) and "upload" in found else None


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
    return digest.hexdigest()


def _etag_of_parts(path: Path) -> str:
    """The etag that S3 gives to a file sent by `upload_file`."""
    part_bytes = max(PART_BYTES, -(-path.stat().st_size // _PARTS_MAX))
    digests = []
    with path.open("rb") as file:
        while block := file.read(part_bytes):
            digests.append(hashlib.md5(block, usedforsecurity=False).digest())
    whole = hashlib.md5(b"".join(digests), usedforsecurity=False).hexdigest()
    return f"{whole}-{len(digests)}"
