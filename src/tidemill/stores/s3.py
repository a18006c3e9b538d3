"""S3, and every store that speaks its protocol, on botocore.

Guarantees: those of `ObjectStore`; requests are signed with SigV4. 503, 500, throttling and broken
connections are tried again up to `ATTEMPTS` times, with growing pauses; the log says so.
Non-guarantees: a store that ignores the headers of conditional writes is not noticed here; the
probe finds it.
"""

from __future__ import annotations

import contextlib
import datetime
import logging
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from tidemill.errors import StoreError
from tidemill.stores.folders import folder_pages, is_s3proxy
from tidemill.stores.interface import ObjectInfo, Part
from tidemill.stores.options import S3Options
from tidemill.stores.s3_client import make_client
from tidemill.stores.s3_errors import code_of, status_of, translated

ATTEMPTS = 8
_log = logging.getLogger("tidemill.stores.s3")
_BUSY = (429, 500, 502, 503, 504)

_UNWRITTEN = re.compile(r".-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
_UNWRITTEN_S, _UNWRITTEN_PAUSE_S, _UNWRITTEN_TRIES, _UNWRITTEN_MANY = 5.0, 0.05, 10, 32


class S3Store:
    """The objects of one bucket."""

    part_bytes_min = 5 << 20

    def __init__(
        self,
        bucket: str,
        options: S3Options,
        *,
        attempts: int = ATTEMPTS,
        page_objects: int = 1000,
    ) -> None:
        self.url = f"s3://{bucket}"
        self._bucket = bucket
        self._page_objects = page_objects
        self._is_emulated = options.endpoint is not None
        self._proxied: bool | None = None
        self._client: Any = make_client(options, attempts)
        self._attempts = attempts
        self._client.meta.events.register_last("needs-retry.s3", self._tell_of_pause)

    def _tell_of_pause(self, attempts: int, response: Any, **_: Any) -> None:
        """Say that the store is busy, for until it answers the caller only sees that it waits."""
        status = 200 if response is None else response[0].status_code
        if status in _BUSY and attempts <= self._attempts:
            _log.warning("%s is busy (%d); asked again", self.url, status)

    def list(self, prefix: str = "", after: str = "") -> Iterator[ObjectInfo]:
        """Page by page, each asked for when it is needed; see `folders` for S3Proxy."""
        if self._is_s3proxy():
            for entries in folder_pages(self._page, prefix, after):
                yield from self._whole(entries)
            return
        given: dict[str, Any] = {"Prefix": prefix}
        if after:
            given["StartAfter"] = after
        while True:
            page = self._page(given)
            yield from self._whole(page.get("Contents", ()))
            if not page.get("IsTruncated"):
                return
            given["ContinuationToken"] = page["NextContinuationToken"]

    def _is_s3proxy(self) -> bool:
        """Asked once; a store where this may not be asked is taken for another."""
        if self._proxied is None:
            self._proxied = False
            with contextlib.suppress(BotoCoreError, ClientError):
                if self._is_emulated:
                    self._proxied = is_s3proxy(self._client.list_buckets())
        return self._proxied

    def _page(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        with self._errors(given["Prefix"]):
            found: Mapping[str, Any] = self._client.list_objects_v2(
                Bucket=self._bucket, MaxKeys=self._page_objects, **given
            )
        return found

    def _whole(self, entries: Sequence[Mapping[str, Any]]) -> Iterator[ObjectInfo]:
        """The objects of a page, without those that S3Proxy is writing in this moment.

        S3Proxy lists an object that is being written too, as `KEY-UUID`, at first without an ETag,
        until it is renamed. A new one of such a name is there for good if it still is soon after.
        """
        whole = [entry for entry in entries if "ETag" in entry]
        found = [_info(entry["Key"], entry, entry["Size"]) for entry in whole]
        now = datetime.datetime.now(datetime.UTC)
        doubtful = {
            info.key
            for info in found
            if self._is_emulated
            and _UNWRITTEN.search(info.key)
            and (now - info.modified).total_seconds() < _UNWRITTEN_S
        }
        gone: set[str] = set()
        for _ in range(_UNWRITTEN_TRIES if len(doubtful) <= _UNWRITTEN_MANY else 1):
            if doubtful <= gone:
                break
            time.sleep(_UNWRITTEN_PAUSE_S)
            gone |= {key for key in doubtful - gone if not self._is_there(key)}
        return (info for info in found if info.key not in gone)

    def _is_there(self, key: str) -> bool:
        try:
            self.head(key)
        except StoreError as error:
            if error.code != "store.missing":
                raise
            return False
        return True

    def head(self, key: str) -> ObjectInfo:
        """One HEAD request."""
        with self._errors(key):
            found = self._client.head_object(Bucket=self._bucket, Key=key)
        return _info(key, found, found["ContentLength"])

    def get(self, key: str, *, etag: str | None = None) -> bytes:
        """One GET request, so all bytes are of one version."""
        return self._get(key, etag, {})

    def get_range(self, key: str, start: int, length: int, *, etag: str | None = None) -> bytes:
        """One GET request with a range."""
        if length <= 0:
            return b""
        try:
            return self._get(key, etag, {"Range": f"bytes={start}-{start + length - 1}"})
        except StoreError as error:
            if isinstance(error.__cause__, ClientError) and status_of(error.__cause__) == 416:
                return b""
            raise

    def _get(self, key: str, etag: str | None, more: Mapping[str, str]) -> bytes:
        condition = {} if etag is None else {"IfMatch": _quoted(etag)}
        for attempt in range(2):
            try:
                with self._errors(key, "store.changed"):
                    found = self._client.get_object(
                        Bucket=self._bucket, Key=key, **condition, **more
                    )
                    with contextlib.closing(found["Body"]) as body:
                        return bytes(body.read())
            except StoreError as error:
                # botocore tries a request again, but not a body that broke off.
                if attempt or not isinstance(error.__cause__, HTTPClientError):
                    raise
        raise AssertionError("unreachable")

    def put(
        self, key: str, content: bytes, *, if_absent: bool = False, if_etag: str | None = None
    ) -> str:
        """One PUT request."""
        condition = {"IfNoneMatch": "*"} if if_absent else {}
        if if_etag is not None:
            condition["IfMatch"] = _quoted(if_etag)
        with self._errors(key):
            made = self._client.put_object(Bucket=self._bucket, Key=key, Body=content, **condition)
        return _plain(made["ETag"])

    def delete(self, key: str) -> None:
        """One DELETE request."""
        with self._errors(key):
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def start_upload(self, key: str) -> str:
        """Begin a multipart upload."""
        with self._errors(key):
            made = self._client.create_multipart_upload(Bucket=self._bucket, Key=key)
        return str(made["UploadId"])

    def put_part(self, key: str, upload: str, number: int, content: bytes) -> Part:
        """Send one part."""
        with self._errors(key):
            made = self._client.upload_part(
                Bucket=self._bucket, Key=key, UploadId=upload, PartNumber=number, Body=content
            )
        return Part(number, _plain(made["ETag"]), len(content))

    def parts(self, key: str, upload: str) -> Sequence[Part]:
        """All parts, page by page."""
        found: list[Part] = []
        marker = 0
        while True:
            try:
                with self._errors(key):
                    page = self._client.list_parts(
                        Bucket=self._bucket, Key=key, UploadId=upload, PartNumberMarker=marker
                    )
            except StoreError as error:
                if error.code == "store.no-upload":
                    return ()
                raise
            entries = page.get("Parts", ())
            found += [Part(e["PartNumber"], _plain(e["ETag"]), e["Size"]) for e in entries]
            if not page.get("IsTruncated") or not entries:
                return found
            marker = page["NextPartNumberMarker"]

    def uploads(self, prefix: str) -> Iterator[tuple[str, str]]:
        """Page by page."""
        given: dict[str, Any] = {"Prefix": prefix}
        while True:
            with self._errors(prefix):
                page = self._client.list_multipart_uploads(Bucket=self._bucket, **given)
            for entry in page.get("Uploads", ()):
                if entry["Key"].startswith(prefix):
                    yield entry["Key"], entry["UploadId"]
            if not page.get("IsTruncated"):
                return
            given["KeyMarker"] = page["NextKeyMarker"]
            given["UploadIdMarker"] = page["NextUploadIdMarker"]

    def complete_upload(
        self, key: str, upload: str, parts: Sequence[Part], *, if_absent: bool = False
    ) -> str:
        """Make the parts one object."""
        named = [{"PartNumber": part.number, "ETag": _quoted(part.etag)} for part in parts]
        condition = {"IfNoneMatch": "*"} if if_absent else {}
        with self._errors(key):
            made = self._client.complete_multipart_upload(
                Bucket=self._bucket, Key=key, UploadId=upload,
                MultipartUpload={"Parts": named}, **condition,
            )  # fmt: skip
        return _plain(made["ETag"])

    def abort_upload(self, key: str, upload: str) -> None:
        """Throw the parts away."""
        try:
            with self._errors(key):
                self._client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload)
        except StoreError as error:
            if error.code != "store.no-upload":
                raise

    def make_bucket(self) -> bool:
        """Make the bucket; False where it is there already, and ours."""
        try:
            with self._errors(""):
                self._client.create_bucket(Bucket=self._bucket)
        except StoreError as error:
            if isinstance(error.__cause__, ClientError) and code_of(error.__cause__) in (
                "BucketAlreadyOwnedByYou",
                "BucketAlreadyExists",
            ):
                return False
            raise
        return True

    def buckets(self) -> tuple[str, ...]:
        """All buckets of the store, as far as the keys may list them."""
        with self._errors(""):
            found = self._client.list_buckets()
        return tuple(str(one["Name"]) for one in found.get("Buckets", ()))

    def close(self) -> None:
        """Close the connections."""
        with contextlib.suppress(Exception):
            self._client.close()

    def _errors(
        self, key: str, condition: str = "store.condition-failed"
    ) -> AbstractContextManager[None]:
        return translated(self.url, key, condition)


def _info(key: str, found: Mapping[str, Any], size: int) -> ObjectInfo:
    return ObjectInfo(key, size, _plain(found["ETag"]), found["LastModified"])


def _plain(etag: str) -> str:
    return etag.strip('"')


def _quoted(etag: str) -> str:
    return f'"{etag}"'
