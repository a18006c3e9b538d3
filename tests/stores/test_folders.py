"""A listing by folders gives what a plain one does, however the store cuts its pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tidemill.stores.folders import folder_pages

KEYS = st.lists(st.text("ab/-", min_size=1, max_size=6), unique=True, max_size=25)


class _Store:
    """ListObjectsV2 over keys in memory."""

    def __init__(self, keys: list[str], page_objects: int) -> None:
        self.keys, self.page_objects, self.calls = sorted(keys), page_objects, 0

    def ask(self, given: Mapping[str, Any]) -> dict[str, Any]:
        self.calls += 1
        prefix, start = given["Prefix"], given.get("StartAfter", "")
        delimiter = given.get("Delimiter", "no such text")
        shown: dict[str, bool] = {}
        for key in self.keys:
            if key.startswith(prefix) and key > start:
                head, sign, _ = key[len(prefix) :].partition(delimiter)
                shown.setdefault(prefix + head + sign, bool(sign))
        rest = [name for name in sorted(shown) if name > given.get("ContinuationToken", "")]
        page = rest[: self.page_objects]
        return {
            "Contents": [{"Key": name} for name in page if not shown[name]],
            "CommonPrefixes": [{"Prefix": name} for name in page if shown[name]],
            "IsTruncated": len(rest) > len(page),
            "NextContinuationToken": page[-1] if page else "",
        }


@given(KEYS, st.integers(1, 5), st.text("ab/", max_size=3), st.text("ab/-", max_size=5))
def test_every_key_once_in_order(keys: list[str], page: int, prefix: str, after: str) -> None:
    store = _Store(keys, page)
    found = [e["Key"] for entries in folder_pages(store.ask, prefix, after) for e in entries]
    assert found == [key for key in sorted(keys) if key.startswith(prefix) and key > after]


def test_a_folder_that_ends_before_is_not_read() -> None:
    store = _Store(["a/1", "b/1", "c/1"], 10)
    assert [e["Key"] for found in folder_pages(store.ask, "", "b/1") for e in found] == ["c/1"]
    assert store.calls == 3  # the top, the rest of b/, and c/
