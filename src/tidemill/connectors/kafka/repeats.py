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
from dataclasses import field
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidemill.interfaces.format import Change, ChangeColumns
from tidemill.records import dataclass

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
        mark = _mark(change.operation, key)
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
        """Note all changes at once where that is plain: of one history, none seen before.

        As `is_repeat` of each would, all of them new. False, and nothing is noted, where it takes a
        look at each. Many changes share a place where Postgres logs them as one record, as of COPY.
        """
        columns = changes.columns
        history_of = columns["history"]
        if not len(changes) or history_of.null_count or not _same(history_of):
            return False
        name = history_of[0].as_py()
        history = self._histories.get(name, _History())
        newest_ms = max(history.newest_ms, pc.max(columns["timestamp_ms"]).as_py())
        if pc.any(columns["snapshot"]).as_py():
            if history.place is not None or not pc.all(columns["snapshot"]).as_py():
                return False
            self._histories[name] = _History(newest_ms=newest_ms)
            return True
        key_of = keys()
        key_of = key_of if isinstance(key_of, pa.Array) else pa.array(key_of, pa.binary())
        if key_of.null_count and not self._only_partition:
            return False
        seen = _seen_at_the_end(history, changes, key_of)
        if seen is None:
            return False
        last = (columns["commit"][-1].as_py(), columns["change"][-1].as_py())
        self._histories[name] = _History(last, newest_ms, seen)
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


def _seen_at_the_end(
    history: _History, changes: ChangeColumns, keys: pa.BinaryArray
) -> list[str] | None:
    """The marks at the last place after these changes; None where not all are plainly new."""
    commits, places = (changes.columns[name].to_numpy() for name in ("commit", "change"))
    further = np.diff(commits)
    further = np.where(further != 0, further, np.diff(places))
    first = (int(commits[0]), int(places[0]))
    if (further < 0).any() or (history.place is not None and first < history.place):
        return None
    goes_on = history.place == first
    place_of = np.concatenate([[0], np.cumsum(further > 0)])
    shared = goes_on or place_of[-1] < len(changes) - 1
    if shared and (history.repeating is not None or not _differ(place_of, changes, keys)):
        return None
    begin = int(np.searchsorted(place_of, place_of[-1]))
    if not goes_on:
        return _marks(changes, keys, begin, len(changes))
    end = int(np.searchsorted(place_of, 0, side="right"))
    more = _marks(changes, keys, 0, end)
    if not keys.null_count and not set(history.seen).isdisjoint(more):
        return None
    return [*history.seen, *more] if begin == 0 else _marks(changes, keys, begin, len(changes))


def _differ(
    place_of: np.ndarray[Any, np.dtype[np.int64]], changes: ChangeColumns, keys: pa.BinaryArray
) -> bool:
    """Whether no two changes of a place are told apart by nothing; without keys all are new."""
    if keys.null_count:
        return int(keys.null_count) == len(keys)
    if pc.count_distinct(keys).as_py() == len(keys):
        return True  # as of one COPY
    columns = [pa.array(place_of), changes.columns["operation"], keys]
    table = pa.table(columns, names=["place", "operation", "key"])
    return bool(table.group_by(table.column_names).aggregate([]).num_rows == len(keys))


def _marks(changes: ChangeColumns, keys: pa.BinaryArray, begin: int, end: int) -> list[str]:
    operations = changes.columns["operation"].slice(begin, end - begin).to_pylist()
    key_of = keys.slice(begin, end - begin).to_pylist()
    return [_mark(operation, key) for operation, key in zip(operations, key_of, strict=True)]


def _mark(operation: str, key: bytes | None) -> str:
    """The operation and the key, short enough to be stored by the hundred."""
    if key is None:
        return operation
    if len(key) > _KEY_BYTES_MAX:
        key = hashlib.blake2b(key, digest_size=16).hexdigest().encode()
    return operation + key.decode("latin-1")
