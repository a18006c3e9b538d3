"""Addresses in object stores.

`s3://bucket/key` is taken as it is written: in the key nothing is decoded or normalised, so `%20`,
`//` and `..` stand for themselves. `s3a://` and `s3n://`, Hadoop's names, mean the same. In
`file:///path` the path is URL-encoded, as everywhere; its key is the absolute path without the
first slash.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote

from tidemill.errors import StoreError
from tidemill.records import dataclass

_S3 = re.compile(r"(?:s3|s3a|s3n)://([^/]*)(?:/(.*))?", re.DOTALL | re.IGNORECASE)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class StoreUrl:
    """An address taken apart; `key` may be a prefix, or empty for the whole store."""

    scheme: str
    """`s3` or `file`."""
    bucket: str
    """Empty for `file`."""
    key: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}" if self.scheme == "s3" else f"file:///{self.key}"

    def with_key(self, key: str) -> StoreUrl:
        """The address of another key in the same store."""
        return StoreUrl(self.scheme, self.bucket, key)


def is_store_url(text: str) -> bool:
    """Whether a text is an address of S3's."""
    return _S3.match(text) is not None


def parse_url(text: str) -> StoreUrl:
    """Take an address apart; a text without a scheme is a path of this machine."""
    match = _S3.fullmatch(text)
    if match is not None:
        bucket, key = match.group(1), match.group(2) or ""
        if _BUCKET.fullmatch(bucket) is None:
            raise _bad(text, f"`{bucket}` cannot be the name of a bucket")
        return StoreUrl("s3", bucket, key)
    scheme, colon, rest = text.partition("://")
    if colon and scheme.lower() != "file":
        raise _bad(text, f"stores are reached by `s3://` or `file://`, not `{scheme}://`")
    if colon:
        host, _, rest = rest.partition("/")
        if host not in ("", "localhost"):
            raise _bad(text, f"`{host}` is another machine: a file's address has three slashes")
        return StoreUrl("file", "", unquote(rest))
    path = os.path.abspath(Path(text).expanduser())  # noqa: PTH100 - keeps symbolic links
    # A slash at the end says that a folder is meant.
    return StoreUrl("file", "", path.lstrip("/") + ("/" if text.endswith("/") else ""))


def _bad(text: str, why: str) -> StoreError:
    return StoreError(
        f"`{text}` is no address of an object store: {why}",
        code="store.bad-url",
        hint="Write `s3://bucket/key`, `file:///path`, or a path.",
    )
