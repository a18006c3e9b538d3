"""Which objects have been read: a set that is small in a checkpoint and cheap to hand out.

A key is kept as 12 bytes of its digest, in one of `SHARDS` texts; a position names the texts, so
handing one out copies none of them. What is no longer in the store is forgotten, but only when two
lists in a row lack it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence

SHARDS = 256
_WIDTH = 16


class SeenKeys:
    """The keys that have been read to their end."""

    def __init__(self, shards: Sequence[str] = ()) -> None:
        self._shards = list(shards) or [""] * SHARDS
        self._known = {text for shard in self._shards for text in _split(shard)}
        self._absent: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return _digest(key) in self._known

    def __len__(self) -> int:
        return len(self._known)

    def add(self, key: str) -> None:
        """This key has been read."""
        text = _digest(key)
        if text not in self._known:
            self._known.add(text)
            self._shards[_shard(text)] += text

    def prune(self, listed: Iterable[str]) -> int:
        """Forget what neither this list of all keys nor the one before has; how many that is."""
        there = {_digest(key) for key in listed}
        absent = self._known - there
        gone = absent & self._absent
        self._absent = absent - gone
        if gone:
            self._known -= gone
            for number in {_shard(text) for text in gone}:
                kept = (text for text in _split(self._shards[number]) if text not in gone)
                self._shards[number] = "".join(kept)
        return len(gone)

    def texts(self) -> list[str]:
        """The set as a position holds it."""
        return list(self._shards)


def _digest(key: str) -> str:
    digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=12).digest()
    return base64.urlsafe_b64encode(digest).decode()


def _shard(text: str) -> int:
    return base64.urlsafe_b64decode(text)[0]


def _split(shard: str) -> list[str]:
    return [shard[i : i + _WIDTH] for i in range(0, len(shard), _WIDTH)]
