"""Object stores: buckets of S3 and folders, behind one small interface.

- `interface`: what a store can do (`ObjectStore`), and what it says of an object (`ObjectInfo`).
- `url`: `s3://bucket/key` and `file:///path` taken apart.
- `options`: how to reach a bucket, as table options and connections name it (`s3.endpoint` ...).
- `s3`: S3 and what speaks its protocol, on botocore, which is imported only there.
- `local`: a folder of this machine, by the same contract.
- `transfer`: files up and down, in parts, resumed where a part was left.
- `probe`: what an endpoint really honours, tried out.
- `filesystem`: a store as a read-only fsspec file system, for DuckDB and its like.

Every failure is a `StoreError` (a `ConnectorError`, so `retryable` says whether to try again).
"""

from __future__ import annotations

from collections.abc import Mapping

from tidemill.errors import StoreError
from tidemill.stores.interface import ObjectInfo, ObjectStore, Part
from tidemill.stores.url import StoreUrl, is_store_url, parse_url

__all__ = [
    "ObjectInfo",
    "ObjectStore",
    "Part",
    "StoreError",
    "StoreUrl",
    "is_store_url",
    "open_store",
    "parse_url",
]


def open_store(url: str | StoreUrl, options: Mapping[str, str] | None = None) -> ObjectStore:
    """The store that a URL lies in: a bucket (`s3://`) or the root of this machine (`file://`).

    Args:
        url: any address in the store; its key is not looked at.
        options: how to reach the bucket, see `options.OPTIONS`; without an endpoint it is AWS's,
            without keys those that AWS's own tools would find. Nothing is sent yet.
    """
    parsed = parse_url(url) if isinstance(url, str) else url
    if parsed.scheme == "file":
        from tidemill.stores.local import LocalStore  # noqa: PLC0415 - loaded when used

        return LocalStore()
    from tidemill.stores.options import parse_options  # noqa: PLC0415 - loaded when used
    from tidemill.stores.s3 import S3Store  # noqa: PLC0415 - slow: loads botocore

    return S3Store(parsed.bucket, parse_options(options or {}))
