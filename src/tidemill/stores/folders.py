"""Lists a store folder by folder, in the order of keys: for stores that read all for each page.

S3Proxy reads every object under a prefix again for each page of 1,000 (seen: 0.2 ms an object), so
that a listing costs the square of its length; with a delimiter it reads one folder only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

FOLDER = "/"
Page = Mapping[str, Any]
Ask = Callable[[Mapping[str, Any]], Page]
_S3PROXY_OWNER = "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a"
"""Who owns every bucket of S3Proxy, by its answer to ListBuckets (its `FAKE_OWNER_ID`)."""


def is_s3proxy(buckets: Page) -> bool:
    """Whether S3Proxy gave this answer to ListBuckets."""
    return bool(buckets.get("Owner", {}).get("ID") == _S3PROXY_OWNER)


def folder_pages(ask: Ask, prefix: str, after: str = "") -> Iterator[list[Page]]:
    """The entries under `prefix` with keys behind `after`, some at a time, each once.

    What fits into one page is asked for at once, so small folders cost one call each.

    Args:
        ask: one call of ListObjectsV2 with these parameters.
        prefix: what the keys begin with; no folder need end there.
        after: the key to go on behind, or "".
    """
    given: dict[str, Any] = {"Prefix": prefix, "Delimiter": FOLDER}
    if after.startswith(prefix) and FOLDER not in after[len(prefix) :]:
        given["StartAfter"] = after
    last = ""
    while True:
        page = ask(given)
        entries: list[Page] = []
        for key, entry in sorted(_both(page), key=lambda item: item[0]):
            if key <= last:
                continue  # a folder that two pages name
            last = key
            if entry is not None:
                if key > after:
                    entries.append(entry)
            elif key > after or after.startswith(key):
                yield entries
                entries = []
                yield from _whole_folder(ask, key, after)
        yield entries
        if not page.get("IsTruncated"):
            return
        given["ContinuationToken"] = page["NextContinuationToken"]


def _whole_folder(ask: Ask, folder: str, after: str) -> Iterator[list[Page]]:
    behind = {"StartAfter": after} if after.startswith(folder) else {}
    page = ask({"Prefix": folder, **behind})
    entries = list(page.get("Contents", ()))
    yield entries
    if page.get("IsTruncated"):
        yield from folder_pages(ask, folder, entries[-1]["Key"])


def _both(page: Page) -> Iterator[tuple[str, Page | None]]:
    """Objects with their entries, and folders without."""
    for entry in page.get("Contents", ()):
        yield entry["Key"], entry
    for folder in page.get("CommonPrefixes", ()):
        yield folder["Prefix"], None
