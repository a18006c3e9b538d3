"""What every object store can do."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Protocol

from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a store says of one object; `etag` differs wherever the content does.

    `modified` is in UTC; S3 gives whole seconds (of a multipart upload: when it began).
    """

    key: str
    size: int
    etag: str
    modified: datetime.datetime


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart upload that the store holds; numbers begin at 1."""

    number: int
    etag: str
    size: int


class ObjectStore(Protocol):
    """The objects of one bucket, or the files of this machine.

    Keys are texts and mean nothing: `a//b` and `../x` are keys as good as any (a store may refuse
    them, with `store.key-refused`). Calls may come from several threads. What the store cannot do
    right now (503, a broken connection) is tried again, with growing pauses, before it is an error.

    Guarantees: an object appears whole or not at all; a read after a write sees it; `list` gives
    every key that is there during all of it, once, in the order of the keys' UTF-8 bytes.
    Failure: StoreError; `store.missing`, `store.condition-failed` and `store.changed` say exactly
    that, for callers that go on.
    """

    url: str
    """`s3://bucket` or `file://`."""
    part_bytes_min: int
    """The smallest part of a multipart upload, but for the last."""

    def list(self, prefix: str = "", after: str = "") -> Iterator[ObjectInfo]:
        """The objects whose keys start with `prefix`, behind the key `after`; page by page."""
        ...

    def head(self, key: str) -> ObjectInfo:
        """What the store says of an object."""
        ...

    def get(self, key: str, *, etag: str | None = None) -> bytes:
        """The whole object; with `etag` only that version of it, else `store.changed`."""
        ...

    def get_range(self, key: str, start: int, length: int, *, etag: str | None = None) -> bytes:
        """Bytes from `start` on; fewer at the end of the object, none behind it."""
        ...

    def put(
        self, key: str, content: bytes, *, if_absent: bool = False, if_etag: str | None = None
    ) -> str:
        """Write an object whole and return its etag.

        With `if_absent` only where there is none: of several writers one wins, the others get
        `store.condition-failed`. With `if_etag` only over that version; whether that holds between
        writers at the same moment is up to the store (S3Proxy's does not, the probe says so).
        """
        ...

    def delete(self, key: str) -> None:
        """Delete an object; one that is not there is no error."""
        ...

    def start_upload(self, key: str) -> str:
        """Begin a multipart upload; its id. Nothing is visible before `complete_upload`."""
        ...

    def put_part(self, key: str, upload: str, number: int, content: bytes) -> Part:
        """Send a part; sent again, it takes the place of the first."""
        ...

    def parts(self, key: str, upload: str) -> Sequence[Part]:
        """The parts that the store holds, by number; an upload that it does not know has none."""
        ...

    def uploads(self, prefix: str) -> Iterator[tuple[str, str]]:
        """Key and id of the uploads under `prefix` that are neither completed nor given up."""
        ...

    def complete_upload(
        self, key: str, upload: str, parts: Sequence[Part], *, if_absent: bool = False
    ) -> str:
        """Make the parts one visible object and return its etag; `if_absent` as in `put`.

        An upload that was completed or given up before is `store.no-upload`.
        """
        ...

    def abort_upload(self, key: str, upload: str) -> None:
        """Throw an upload's parts away; one that is not there is no error."""
        ...

    def close(self) -> None:
        """Give connections back; must not raise."""
        ...
