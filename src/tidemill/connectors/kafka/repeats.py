"""Dropping change events that Debezium sends a second time.

Debezium is at least once: after a restart it sends again what came after its last stored offset,
in the same order, beginning anywhere, also in the middle of one log record's changes. Per partition
and history the last place (commit, change) is kept, and which changes at that place were seen.

What is dropped: a change whose place is before the last one; at the last place itself, a change
with the key and operation of one already seen there, or, where messages have no key, as many
changes as were seen when a repetition that began before comes to it.
What is not detected: rows of a snapshot that is taken again (Debezium restarts an unfinished
snapshot from its begin); where messages have no key, a repetition that begins within the changes of
the last log record; and nothing at all is dropped where messages have no key and the topic has
several partitions, since they may come back on another one. Repeated rather than lost, always.
A place that falls back though its commit is newer than all seen means another history (the
database was made anew or restored): it is taken as new, as is everything after a snapshot.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidemill.interfaces.format import Change, ChangeColumns

_KEY_BYTES_MAX = 64
Keys: TypeAlias = Sequence[bytes | None] | pa.BinaryArray


@dataclass
class _History:
    """The last place of one history in one partition."""

    place: tuple[int, int] | None = None
    newest_ms: int = 0
    seen: list[str] = field(default_factory=list)
    repeating: int | None = None
    """While a repetition runs: how many changes at the last place it has gone through."""


class Repeats:
    """Tells repeated changes of one partition; its state goes into the position."""

    def __init__(self, state: Any = None, *, only_partition: bool = True) -> None:
        self._only_partition = only_partition
        self._histories: dict[str, _History] = {}
        for name, (commit, change, newest_ms, seen, repeating) in (state or {}).items():
            place = None if commit is None else (commit, change)
            self._histories[name] = _History(place, newest_ms, list(seen), repeating)

    def state(self) -> dict[str, Any]:
        """What has to be stored to go on from here."""
        return {
            name: [
                *(history.place or (None, None)),
                history.newest_ms,
                list(history.seen),
                history.repeating,
            ]
            for name, history in self._histories.items()
        }

    def has_streamed(self, history: str) -> bool:
        """Whether the newest change of this history was one that came behind a snapshot."""
        found = self._histories.get(history)
        return found is not None and found.place is not None

    def is_repeat(self, change: Change, key: bytes | None) -> bool:
        """Whether the change was delivered before; else it is noted as the last one."""
        history = self._histories.setdefault(change.history, _History())
        if change.snapshot:
            history.place, history.repeating = None, None
            history.seen.clear()
            history.newest_ms = max(history.newest_ms, change.timestamp_ms)
            return False
        if key is None and not self._only_partition:
            return False
        place = (change.commit, change.change)
        last = history.place
        if last is not None and place < last and change.timestamp_ms <= history.newest_ms:
            history.repeating = 0
            return True
        mark = _mark(change, key)
        if last == place:
            if self._seen_at_last_place(history, key, mark):
                return True
            history.seen.append(mark)
        else:
            history.place = place
            history.seen = [mark]
        history.repeating = None
        history.newest_ms = max(history.newest_ms, change.timestamp_ms)
        return False

    def all_new(self, changes: ChangeColumns, keys: Callable[[], Keys]) -> bool:
        """Note all changes at once where that is plain: one history, streamed, places that rise.

        As `is_repeat` of each would, all of them new. False, and nothing is noted, where it takes a
        look at each.
        """
        columns = changes.columns
        history_of = columns["history"]
        if not len(changes) or history_of.null_count or not _same(history_of):
            return False
        if pc.any(columns["snapshot"]).as_py() or not (self._only_partition or _keyed(keys())):
            return False
        commits, places = (columns[name].to_numpy() for name in ("commit", "change"))
        later = np.diff(commits)
        if not ((later > 0) | ((later == 0) & (np.diff(places) > 0))).all():
            return False
        history = self._histories.get(history_of[0].as_py(), _History())
        if history.place is not None and (int(commits[0]), int(places[0])) <= history.place:
            return False
        last = changes[len(changes) - 1]
        assert last is not None
        history.place = (last.commit, last.change)
        key = keys()[-1]
        history.seen = [_mark(last, key.as_py() if isinstance(key, pa.Scalar) else key)]
        history.repeating = None
        history.newest_ms = max(history.newest_ms, pc.max(columns["timestamp_ms"]).as_py())
        self._histories[last.history] = history
        return True

    @staticmethod
    def _seen_at_last_place(history: _History, key: bytes | None, mark: str) -> bool:
        if key is not None:
            return mark in history.seen
        if history.repeating is not None and history.repeating < len(history.seen):
            history.repeating += 1
            return True
        return False


def _same(texts: pa.StringArray) -> bool:
    return bool(pc.all(pc.equal(texts, texts[0])).as_py())


def _keyed(keys: Keys) -> bool:
    if isinstance(keys, pa.Array):
        return int(keys.null_count) == 0
    return all(key is not None for key in keys)


def _mark(change: Change, key: bytes | None) -> str:
    """The operation and the key, short enough to be stored by the hundred."""
    if key is None:
        return change.operation
    if len(key) > _KEY_BYTES_MAX:
        key = hashlib.blake2b(key, digest_size=16).hexdigest().encode()
    return change.operation + key.decode("latin-1")
