"""The changes that stand in the topic, by key: each once, however often Debezium sent it."""

from __future__ import annotations

import json
from typing import Any

from tidemill.connectors.kafka.tail import TopicTail
from tidemill.control.chaos.change_capture.table import Tally

_SHOWN = 5
_AT = {"c": 0, "u": 1, "d": 2}


class TopicTally:
    """Follows the topic, as readers of what was committed see it."""

    def __init__(self, tail: TopicTail, mark: int) -> None:
        self._tail, self._mark = tail, mark
        self.mark = 0
        """The newest version of the marked row that came as a change, not with a snapshot."""
        self._seen: set[tuple[int, int, str, int]] = set()
        self._counts: dict[int, list[int]] = {}
        self._base: tuple[Tally, Tally] = ({}, {})
        self.rows_found = self.repeated = 0

    def read(self) -> None:
        """Count what has come since."""
        for message in self._tail.come():
            if message.value():
                self._count(json.loads(message.value()))

    @property
    def events(self) -> int:
        """How many events there are, repeated ones left out: changes, and rows of snapshots."""
        return len(self._seen) + self.rows_found

    def begin_at(self, wanted: Tally) -> None:
        """Count from here on: what lies before was not captured, or is in a new snapshot."""
        self._base = (dict(wanted), self._now())

    def differences(self, wanted: Tally) -> list[str]:
        """Keys of which other changes stand in the topic than Postgres has counted."""
        was_wanted, was_found = self._base
        found = self._now()
        wrong = []
        for key in sorted({*wanted, *found}):
            here = _less(wanted.get(key), was_wanted.get(key))
            there = _less(found.get(key), was_found.get(key))
            if here != there:
                wrong.append(f"key {key}: {here} in Postgres, {there} in the topic")
        return wrong[:_SHOWN]

    def close(self) -> None:
        """Stop reading."""
        self._tail.close()

    def _now(self) -> Tally:
        return {key: (count[0], count[1], count[2]) for key, count in self._counts.items()}

    def _count(self, event: dict[str, Any]) -> None:
        operation = event["op"]
        if operation not in _AT:
            self.rows_found += operation == "r"
            return
        source = event["source"]
        key = int((event["before"] if operation == "d" else event["after"])["id"])
        if key == self._mark and operation != "d":
            self.mark = max(self.mark, int(event["after"]["version"]))
        place = (int(source["lsn"]), int(source["txId"] or 0), operation, key)
        if place in self._seen:
            self.repeated += 1
            return
        self._seen.add(place)
        self._counts.setdefault(key, [0, 0, 0])[_AT[operation]] += 1


def _less(now: tuple[int, int, int] | None, was: tuple[int, int, int] | None) -> tuple[int, ...]:
    return tuple(a - b for a, b in zip(now or (0, 0, 0), was or (0, 0, 0), strict=True))
