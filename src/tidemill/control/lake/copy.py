"""Use case `lake copy`: what is new under one address, to another bucket or prefix.

Guarantees: an object appears whole, in the version that was listed. Objects are written one after
the other, in the order in which they were written at the source, so that who watches the target
sees them in that order. Called again, or after an interruption, it copies only what is missing or
has changed since.
Non-guarantees: nothing is removed from the target. Two objects of the same size of which one was
sent in other parts are told apart by their time only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from tidemill.control.lake.objects import Report, Transfer, TransferProgress, matching
from tidemill.control.object_stores import open_project_store
from tidemill.errors import UsageError
from tidemill.stores import ObjectInfo, ObjectStore, StoreUrl
from tidemill.stores.globs import glob_root, is_glob
from tidemill.stores.transfer import PART_BYTES

FETCHED_AHEAD = 8
"""How many small objects are fetched while others are written."""


def copy_objects(
    url: str, target: str, folder: Path | None = None, report: Report | None = None
) -> list[Transfer]:
    """Copy the objects of an address into the folder `target`, whose name ends with a slash.

    Args:
        url: a prefix, or a pattern such as `s3://storage/raw/*.csv`.
        target: `s3://bucket/` or `s3://bucket/folder/`; a key keeps what stands behind the
            source's folder.
        folder: the project's.
        report: told after each object.
    """
    source, from_url = open_project_store(url, folder)
    try:
        into, to_url = open_project_store(target, folder)
        try:
            if to_url.key and not to_url.key.endswith("/"):
                raise UsageError(
                    f"`{target}` is no folder", code="cli.usage", hint="End it with a slash."
                )
            return _Copy(source, from_url, into, to_url).run(report or (lambda _: None))
        finally:
            into.close()
    finally:
        source.close()


class _Copy:
    """One copy, from one opened store into another."""

    def __init__(
        self, source: ObjectStore, from_url: StoreUrl, into: ObjectStore, to_url: StoreUrl
    ) -> None:
        self._source, self._from, self._into, self._to = source, from_url, into, to_url
        key = from_url.key
        root = glob_root(key) if is_glob(key) else key
        self._base = root.rpartition("/")[0]

    def run(self, report: Report) -> list[Transfer]:
        """Copy what is missing; returns one transfer for each object of the source."""
        found = [i for i in matching(self._source, self._from.key) if not i.key.endswith("/")]
        found.sort(key=lambda info: (info.modified, info.key))
        there = {info.key: info for info in self._into.list(self._to.key)}
        wanted = [i for i in found if not _same(i, there.get(self._target(i)))]
        missing = {info.key for info in wanted}
        done = [self._transfer(i, "same") for i in found if i.key not in missing]
        for number, info in enumerate(self._written(wanted), 1):
            transfer = self._transfer(info, "copied")
            done.append(transfer)
            at = TransferProgress(transfer.file, info.size, info.size, number, len(wanted))
            report(at)
        return done

    def _written(self, wanted: Sequence[ObjectInfo]) -> Iterator[ObjectInfo]:
        """Write one object after the other, while the next small ones are being fetched."""
        todo, ahead = deque(wanted), deque[tuple[ObjectInfo, Future[bytes] | None]]()
        with ThreadPoolExecutor(FETCHED_AHEAD, "lake-copy") as pool:
            while todo or ahead:
                while todo and len(ahead) < FETCHED_AHEAD:
                    info = todo.popleft()
                    small = info.size <= PART_BYTES
                    ahead.append((info, pool.submit(self._fetch, info) if small else None))
                info, content = ahead.popleft()
                if content is not None:
                    self._into.put(self._target(info), content.result())
                else:
                    self._write_parts(info)
                yield info

    def _fetch(self, info: ObjectInfo) -> bytes:
        return self._source.get(info.key, etag=info.etag)

    def _write_parts(self, info: ObjectInfo) -> None:
        key = self._target(info)
        upload = self._into.start_upload(key)
        try:
            parts = [
                self._into.put_part(
                    key,
                    upload,
                    number,
                    self._source.get_range(info.key, start, PART_BYTES, etag=info.etag),
                )
                for number, start in enumerate(range(0, info.size, PART_BYTES), 1)
            ]
            self._into.complete_upload(key, upload, parts)
        except BaseException:
            self._into.abort_upload(key, upload)
            raise

    def _target(self, info: ObjectInfo) -> str:
        return self._to.key + info.key[len(self._base) :].lstrip("/")

    def _transfer(self, info: ObjectInfo, outcome: str) -> Transfer:
        return Transfer(
            str(self._from.with_key(info.key)),
            str(self._to.with_key(self._target(info))),
            info.size,
            "copied" if outcome == "copied" else "same",
        )


def _same(info: ObjectInfo, there: ObjectInfo | None) -> bool:
    """Whether the target certainly holds the object already."""
    if there is None or there.size != info.size:
        return False
    if "-" in info.etag or "-" in there.etag:  # of parts, which may have been others
        return there.modified > info.modified
    return there.etag == info.etag
