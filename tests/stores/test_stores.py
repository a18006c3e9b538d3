"""Every store keeps the contract of `ObjectStore`."""

from __future__ import annotations

import threading

import pytest

from tidemill.errors import StoreError
from tidemill.stores import ObjectStore, open_store, parse_url
from tidemill.stores.s3 import S3Store

pytestmark = pytest.mark.servers
Place = tuple[ObjectStore, str]


def code(call, *arguments, **named) -> str:
    with pytest.raises(StoreError) as caught:
        call(*arguments, **named)
    return caught.value.code


def test_an_object_comes_and_goes(place: Place) -> None:
    store, prefix = place
    for name, content in {
        "a": b"0123456789",
        "zero": b"",
        "ünï 日本/+%20?#&=": b"\x00\xff",
    }.items():
        etag = store.put(prefix + name, content)
        info = store.head(prefix + name)
        assert (info.key, info.size, info.etag) == (prefix + name, len(content), etag)
        assert store.get(prefix + name) == content
        assert store.get(prefix + name, etag=etag) == content
    assert store.get_range(prefix + "a", 3, 4) == b"3456"
    assert store.get_range(prefix + "a", 8, 100) == b"89"
    assert store.get_range(prefix + "a", 10, 5) == store.get_range(prefix + "a", 0, 0) == b""
    assert store.get_range(prefix + "zero", 0, 5) == b""
    store.delete(prefix + "a")
    store.delete(prefix + "a")
    assert code(store.get, prefix + "a") == code(store.head, prefix + "a") == "store.missing"


def test_a_list_has_every_key_once_in_order(place: Place) -> None:
    store, prefix = place
    store._page_objects = 7
    if isinstance(store, S3Store):
        assert store._is_s3proxy()  # so the way by folders is the one tested
    names = [*(f"n/{i:04}" for i in range(28)), "é", "Z", "z", "n0", "n-", "n/0003-/a/b", "y/y/y"]
    for name in names:
        store.put(prefix + name, b"x")
    wanted = sorted((prefix + name for name in names), key=str.encode)
    assert [info.key for info in store.list(prefix)] == wanted
    for i in range(0, len(wanted), 3):
        assert [info.key for info in store.list(prefix, after=wanted[i])] == wanted[i + 1 :]
    assert [info.key for info in store.list(prefix + "n/")] == [
        key for key in wanted if key.startswith(prefix + "n/")
    ]
    assert list(store.list(prefix + "nothing/")) == []


def test_a_list_shows_only_whole_objects(place: Place) -> None:
    store, prefix = place
    lasting = f"{prefix}of a person-0a1b2c3d-0000-4000-8000-0123456789ab"
    store.put(lasting, b"a name that looks like one of S3Proxy's own")
    names = [f"{prefix}{i:04}" for i in range(150)]
    ended = threading.Event()

    def write() -> None:
        for name in names:
            store.put(name, b"x" * 300)
        ended.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen: set[str] = set()
    while not ended.is_set():
        seen |= {info.key for info in store.list(prefix)}
    writer.join()
    assert seen <= {*names, lasting}
    assert {info.key for info in store.list(prefix)} == {*names, lasting}


def test_of_racing_writers_one_wins(place: Place) -> None:
    store, prefix = place
    won: list[bytes] = []
    lost: list[str] = []

    def write(content: bytes, **condition: object) -> None:
        try:
            store.put(prefix + "race", content, **condition)
            won.append(content)
        except StoreError as error:
            lost.append(error.code)

    threads = [
        threading.Thread(target=write, args=(b"%d" % i,), kwargs={"if_absent": True})
        for i in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert store.get(prefix + "race") == won[0]
    assert set(lost) == {"store.condition-failed"}


def test_another_version_is_not_given(place: Place) -> None:
    store, prefix = place
    old = store.put(prefix + "v", b"one")
    assert store.put(prefix + "v", b"two!") != old
    assert code(store.get, prefix + "v", etag=old) == "store.changed"
    assert code(store.get_range, prefix + "v", 0, 2, etag=old) == "store.changed"
    assert code(store.put, prefix + "v", b"x", if_etag=old) == "store.condition-failed"


def test_an_upload_is_hidden_until_it_is_complete(place: Place) -> None:
    store, prefix = place
    key, size = prefix + "big", store.part_bytes_min
    upload = store.start_upload(key)
    store.put_part(key, upload, 2, b"b")
    store.put_part(key, upload, 1, b"x" * size)
    first = store.put_part(key, upload, 1, b"a" * size)
    assert list(store.list(prefix)) == []
    parts = store.parts(key, upload)
    assert list(store.uploads(prefix)) == [(key, upload)]
    assert [(part.number, part.size) for part in parts] == [(1, size), (2, 1)]
    assert parts[0].etag == first.etag
    etag = store.complete_upload(key, upload, parts, if_absent=True)
    assert store.head(key).etag == etag
    assert store.get_range(key, size - 1, 2) == b"ab"
    second = store.start_upload(key)
    part = store.put_part(key, second, 1, b"c")
    assert (
        code(store.complete_upload, key, second, [part], if_absent=True) == "store.condition-failed"
    )
    store.abort_upload(key, second)
    store.abort_upload(key, second)
    assert not store.parts(key, second)
    assert list(store.uploads(prefix)) == []
    assert store.head(key).size == size + 1


@pytest.mark.parametrize(
    "text", ["http://x/y", "s3://", "s3://UPPER/x", "file://other/x", "s3:///k"]
)
def test_an_address_of_nothing_is_refused(text: str) -> None:
    assert code(parse_url, text) == "store.bad-url"


def test_keys_are_taken_as_they_are_written() -> None:
    assert parse_url("s3a://lake/a//../b%20 ?#").key == "a//../b%20 ?#"
    assert parse_url("file:///a%20b/").key == "a b/"
    assert str(parse_url("s3://lake/a b")) == "s3://lake/a b"
    assert code(open_store("file:///").get, "a/../b") == "store.key-refused"
