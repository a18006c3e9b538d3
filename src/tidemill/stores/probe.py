"""What an S3 endpoint really honours, tried out with objects of our own under one prefix.

Each check is one thing that a lake needs. `failed` means that Tidemill would lose or double rows
there, or cannot work at all; `warning` that something is not served that some other use may need.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Literal

from tidemill.errors import StoreError, TidemillError
from tidemill.records import dataclass
from tidemill.stores.options import S3Options
from tidemill.stores.s3 import S3Store

RACERS = 8
ODD_KEYS = (
    "ünï 日本", "a b+c%20d", "?q=1&x#h", "quote'\"", "back\\slash", "a//b", "../up", "x/../y",
    "folder/", "new\nline", "~", "." * 3,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProbeCheck:
    """One thing that was tried."""

    name: str
    outcome: Literal["ok", "warning", "failed"]
    message: str


def probe(bucket: str, options: S3Options) -> list[ProbeCheck]:
    """Try an endpoint; takes a second or two, sends about 6 MB, and leaves nothing behind."""
    store = S3Store(bucket, options, page_objects=2)
    # Stores answer 500 to keys that they cannot hold: no reason to ask again.
    hasty = S3Store(bucket, options, attempts=1)
    prefix = f".tidemill-probe/{secrets.token_hex(6)}/"
    try:
        first = _run("signed requests", lambda: _signature(store, bucket, options))
        if first.outcome == "failed":
            return [first]
        checks = {
            "read and write": _read_write,
            "versions": _versions,
            "multipart uploads": _multipart,
            "list by pages": _paging,
            "put if absent, racing": _if_absent,
            "put if unchanged, racing": _if_etag,
            "odd keys": lambda _, prefix: _odd_keys(hasty, prefix),
        }
        tried = [_run(n, lambda c=c: c(store, prefix)) for n, c in checks.items()]  # type: ignore[misc]
        return [first, *tried]
    finally:
        _clean(store, prefix)
        store.close()
        hasty.close()


def _run(name: str, check: Callable[[], tuple[str, str]]) -> ProbeCheck:
    try:
        outcome, message = check()
    except TidemillError as error:
        outcome, message = "failed", error.message
    return ProbeCheck(name, outcome, message)  # type: ignore[arg-type]


def _signature(store: S3Store, bucket: str, options: S3Options) -> tuple[str, str]:
    next(store.list(".tidemill-probe/"), None)
    style = "path style" if options.path_style else "bucket in the host's name"
    if options.secret_key is None:
        return "ok", f"SigV4, {style}, keys of AWS's own tools"
    forger = S3Store(bucket, replace(options, secret_key="not-the-secret"), attempts=1)  # noqa: S106
    try:
        next(forger.list(".tidemill-probe/"), None)
    except StoreError:
        return "ok", f"SigV4, {style}; a wrong secret key is refused"
    finally:
        forger.close()
    return "warning", f"{style}; requests with a wrong secret key are served too"


def _read_write(store: S3Store, prefix: str) -> tuple[str, str]:
    key = prefix + "object"
    for content in (b"", b"0123456789"):
        etag = store.put(key, content)
        info = store.head(key)
        if store.get(key) != content or (info.size, info.etag) != (len(content), etag):
            return "failed", "an object is not read as it was written"
    if (store.get_range(key, 3, 4), store.get_range(key, 10, 1)) != (b"3456", b""):
        return "failed", "a range is not read as it was asked for"
    store.delete(key)
    try:
        store.head(key)
    except StoreError as error:
        return (
            ("ok", "whole, by range, empty, and gone once deleted")
            if (error.code == "store.missing")
            else ("failed", error.message)
        )
    return "failed", "a deleted object is still there"


def _versions(store: S3Store, prefix: str) -> tuple[str, str]:
    key = prefix + "version"
    old = store.put(key, b"one")
    if store.put(key, b"two") == old:
        return "failed", "another content has the same etag"
    try:
        store.get(key, etag=old)
    except StoreError as error:
        if error.code == "store.changed":
            return "ok", "an object that was overwritten is noticed while it is read"
        raise
    return "failed", "If-Match is ignored: an object overwritten while it is read goes unnoticed"


def _multipart(store: S3Store, prefix: str) -> tuple[str, str]:
    key = prefix + "multipart"
    upload = store.start_upload(key)
    parts = [
        store.put_part(key, upload, 1, b"a" * store.part_bytes_min),
        store.put_part(key, upload, 2, b"b"),
    ]
    if any(info.key == key for info in store.list(prefix)):
        return "failed", "an upload is visible before it is complete"
    if [(p.number, p.size) for p in store.parts(key, upload)] != [
        (p.number, p.size) for p in parts
    ]:
        return "failed", "the store does not say which parts it holds, so nothing can be resumed"
    store.complete_upload(key, upload, parts)
    if store.get_range(key, store.part_bytes_min - 1, 2) != b"ab":
        return "failed", "the parts do not make the object"
    return "ok", "hidden until complete, and resumable"


def _paging(store: S3Store, prefix: str) -> tuple[str, str]:
    names = [f"{prefix}page/{n}" for n in ("1", "10", "2", "Z", "a", "é")]
    for name in reversed(names):
        store.put(name, b"x")
    if [info.key for info in store.list(prefix + "page/")] != names:
        return "failed", "a list lacks keys, repeats some, or is not in order"
    if [info.key for info in store.list(prefix + "page/", after=names[2])] != names[3:]:
        return "failed", "a list cannot begin behind a key"
    return "ok", "every key once, in order, over several pages"


def _if_absent(store: S3Store, prefix: str) -> tuple[str, str]:
    won = _race(lambda n: store.put(prefix + "race", b"%d" % n, if_absent=True))
    if won == 1:
        return "ok", f"of {RACERS} writers one won"
    return "failed", f"of {RACERS} writers {won} won: no exactly-once sink can commit here"


def _if_etag(store: S3Store, prefix: str) -> tuple[str, str]:
    key = prefix + "swap"
    old = store.put(key, b"old")
    store.put(key, b"newer")
    try:
        store.put(key, b"x", if_etag=old)
    except StoreError as error:
        if error.code != "store.condition-failed":
            raise
    else:
        return "warning", "If-Match is ignored on writes; Tidemill does not rely on it"
    for _ in range(3):  # a store that checks and then writes gets it right now and then
        etag = store.head(key).etag
        won = _race(lambda n, etag=etag: store.put(key, b"%d" % n, if_etag=etag))  # type: ignore[misc]
        if won != 1:
            break
    else:
        return "ok", f"of {RACERS} writers one won, three times"
    return "warning", f"of {RACERS} writers {won} won at once; Tidemill does not rely on it"


def _race(write: Callable[[int], object]) -> int:
    def one(number: int) -> bool:
        try:
            write(number)
        except StoreError as error:
            if error.code == "store.condition-failed":
                return False
            raise
        return True

    with ThreadPoolExecutor(RACERS) as pool:
        return sum(pool.map(one, range(RACERS)))


def _odd_keys(store: S3Store, prefix: str) -> tuple[str, str]:
    refused, wrong = [], []
    for key in ODD_KEYS:
        place = f"{prefix}odd/{secrets.token_hex(2)}/{key}"
        try:
            store.put(place, b"odd")
        except StoreError:
            refused.append(key)
            continue
        if place not in _keys(store, place[: len(prefix) + 9]):
            wrong.append(key)
    if not refused and not wrong:
        return "ok", f"all {len(ODD_KEYS)} are taken and listed as they are"
    shown = [f"refused: {', '.join(map(repr, refused))}"] if refused else []
    shown += [f"stored under another name: {', '.join(map(repr, wrong))}"] if wrong else []
    return "warning", "; ".join(shown)


def _keys(store: S3Store, prefix: str) -> Iterator[str]:
    return (info.key for info in store.list(prefix))


def _clean(store: S3Store, prefix: str) -> None:
    try:
        for info in list(store.list(prefix)):
            store.delete(info.key)
        for key, upload in list(store.uploads(prefix)):
            store.abort_upload(key, upload)
    except TidemillError:
        return  # a store that cannot list is said to be so by the checks
