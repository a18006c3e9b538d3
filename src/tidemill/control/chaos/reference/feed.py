"""The built-in pipeline's input: row *i* is a function of the seed and *i* alone.

Guarantees: each record comes to stand once in its partition; event time never goes back by more
than the watermark allows. How many rows there are when a fault comes hangs on the machine.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from datetime import datetime, timedelta
from random import Random

from tidemill.connectors.kafka.feeding import Feeder
from tidemill.control.chaos.feed_thread import FeedThread
from tidemill.control.chaos.reference.malformed import malformed
from tidemill.control.chaos.reference.text import PARTITIONS, events_topic
from tidemill.control.chaos.servers import ChaosServers
from tidemill.errors import ServiceError, Where

BEGIN = datetime(2026, 1, 1)  # noqa: DTZ001 - the pipeline's event time has no zone
STEP_MS = 25
KEYS = 20
JITTER_MS, DISORDER_MS = 300, 4_000
AGAIN_AFTER = 20
"""How many rows later a duplicate comes: within the lateness, as 20 rows are half a second."""
CLOSING = timedelta(hours=1)
_TICK_S = 0.02
_STANDS_WITHIN_S = 300.0


class ReferenceFeed(FeedThread):
    """Sends `rate` rows a second; `turn` makes the next records come otherwise."""

    def __init__(self, servers: ChaosServers, name: str, seed: int, rate: int) -> None:
        super().__init__()
        self._properties = {"bootstrap.servers": servers.bootstrap}
        self._feeder = Feeder(self._properties)
        self._stood = 0
        self.partitions = PARTITIONS
        """How many partitions are fed."""
        self.quiet: int | None = None
        """A partition that gets nothing now; its records go into the next one."""
        self.huge = (0, 0)
        """How long the `note` of a huge record is, and how many headers it has."""
        self._resting = Resting()
        self._topic = events_topic(name)
        self._seed, self._rate = seed, rate
        self._modes = {"duplicates": 0, "disorder": 0, "poison": 0, "schema": 0, "huge": 0}
        self._again: deque[tuple[int, int, bytes]] = deque()
        self._lock = threading.Lock()
        self._next = 0

    @property
    def rows(self) -> int:
        """How many records stand."""
        return self._stood + self._feeder.stands

    @property
    def ends(self) -> dict[int, int]:
        """By partition the offset after the last record that stands."""
        return dict(self._feeder.acknowledged)

    def turn(self, mode: str, records: int) -> bool:
        """The next so many records come as this mode says; True."""
        with self._lock:
            self._modes[mode] += records
        return True

    def rest(self) -> None:
        """Send nothing more until `go_on`; returns when all that was sent stands."""
        self._resting.ask()

    def renew(self) -> None:
        """The topic was made again: what comes next is written from its begin; while it rests."""
        self._stood += self._feeder.stands
        self._feeder.close()
        self._feeder = Feeder(self._properties)

    def go_on(self) -> None:
        """Send again."""
        self._resting.over()

    def stop(self) -> None:
        """Send what closes all windows, and wait until everything stands."""
        super().stop()
        for partition in range(self.partitions):
            self._send(partition, _encoded(self._values(self._next, jitter_ms=1), closing=True))
            self._next += 1
        if not self._feeder.flush(_STANDS_WITHIN_S):
            raise ServiceError(
                "the input of the chaos run could not be written",
                code="service.died",
                where=Where(server="kafka"),
                detail="\n".join(self._feeder.failures[:3]),
            )

    def close(self) -> None:
        """End at once."""
        super().close()
        self._feeder.close()

    def run(self) -> None:
        """Write until the end."""
        begun_at = time.monotonic()
        while not self.ending.wait(_TICK_S):
            if self._resting.wanted:
                self._feeder.flush(_STANDS_WITHIN_S)
                begun_at += self._resting.rest(self.ending)
                continue
            due = int((time.monotonic() - begun_at) * self._rate)
            while self._next < due and not self.ending.is_set():
                self._one(self._next)
                self._next += 1
            self._feeder.serve()
        for _, partition, value in self._again:
            self._send(partition, value)

    def _one(self, number: int) -> None:
        while self._again and self._again[0][0] <= number:
            _, partition, value = self._again.popleft()
            self._send(partition, value)
        partition = number % self.partitions
        values = self._values(number, DISORDER_MS if self._taken("disorder") else JITTER_MS)
        headers: list[tuple[str, bytes]] = []
        if self._taken("huge"):
            values["note"] = "n" * self.huge[0]
            headers = [(f"h{n}", b"x") for n in range(self.huge[1])]
        value = _encoded(values, other=self._taken("schema"))
        self._send(partition, value, headers)
        if self._taken("duplicates"):
            self._again.append((number + AGAIN_AFTER, partition, value))
        if self._taken("poison"):
            at = values["ts"]
            assert isinstance(at, datetime)
            self._send(partition, malformed(number, at))

    def _taken(self, mode: str) -> bool:
        if not self._modes[mode]:
            return False
        with self._lock:
            self._modes[mode] -= 1
        return True

    def _values(self, number: int, jitter_ms: int) -> dict[str, object]:
        rng = Random(self._seed * 1_000_003 + number)  # noqa: S311 - not a secret
        at = BEGIN + timedelta(milliseconds=number * STEP_MS - rng.randrange(jitter_ms))
        return {
            "id": number,
            "k": f"k{rng.randrange(KEYS)}",
            "amount": rng.randrange(-1_000, 10_000),
            "note": f"n{number % 7}" if number % 5 else None,
            "ts": at,
        }

    def _send(
        self, partition: int, value: bytes, headers: list[tuple[str, bytes]] | None = None
    ) -> None:
        if partition == self.quiet:
            partition = (partition + 1) % self.partitions
        self._feeder.send(self._topic, partition, value, None, headers)


class Resting:
    """A thread that is asked to rest, and others that wait until it does."""

    def __init__(self) -> None:
        self._wanted, self._rests = threading.Event(), threading.Event()

    @property
    def wanted(self) -> bool:
        """Whether the thread is to rest."""
        return self._wanted.is_set()

    def ask(self) -> None:
        """Have it rest; returns when it does."""
        self._rests.clear()
        self._wanted.set()
        self._rests.wait(_STANDS_WITHIN_S)

    def over(self) -> None:
        """Have it go on."""
        self._wanted.clear()

    def rest(self, ending: threading.Event) -> float:
        """Rest as long as that is wanted; for how many seconds."""
        begun_at = time.monotonic()
        self._rests.set()
        while self.wanted and not ending.wait(_TICK_S):
            pass
        return time.monotonic() - begun_at


def _encoded(values: dict[str, object], *, other: bool = False, closing: bool = False) -> bytes:
    """A row as JSON; `other` with a new column, without `note`, in another order."""
    at = values["ts"]
    assert isinstance(at, datetime)
    shown = {**values, "ts": (at + CLOSING if closing else at).isoformat(" ", "milliseconds")}
    if other:
        del shown["note"]
        shown = dict(reversed([*shown.items(), ("added", {"deep": [1, 2]})]))
    return json.dumps(shown, separators=(",", ":")).encode()
