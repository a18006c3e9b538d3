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
POISON = (
    b"{no json",
    b'{"id": "x", "k": "k1", "amount": 1, "ts": "2026-01-01 00:00:00"}',
    b'{"id": 1, "k": "k1", "amount": 1, "ts": "yesterday"}',
    b'{"id": 1, "k": "\xff\xfe", "amount": 1',
    b"[1, 2",
)
_TICK_S = 0.02
_STANDS_WITHIN_S = 300.0


class ReferenceFeed:
    """Sends `rate` rows a second; `turn` makes the next records come otherwise."""

    def __init__(self, servers: ChaosServers, name: str, seed: int, rate: int) -> None:
        self._feeder = Feeder({"bootstrap.servers": servers.bootstrap})
        self._topic = events_topic(name)
        self._seed, self._rate = seed, rate
        self._modes = {"duplicates": 0, "disorder": 0, "poison": 0, "schema": 0}
        self._again: deque[tuple[int, int, bytes]] = deque()
        self._lock = threading.Lock()
        self._next = 0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chaos-feed", daemon=True)

    @property
    def rows(self) -> int:
        """How many records stand."""
        return self._feeder.stands

    @property
    def ends(self) -> dict[int, int]:
        """By partition the offset after the last record that stands."""
        return dict(self._feeder.acknowledged)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def turn(self, mode: str, records: int) -> bool:
        """The next so many records come as this mode says; True."""
        with self._lock:
            self._modes[mode] += records
        return True

    def stop(self) -> None:
        """Send what closes all windows, and wait until everything stands."""
        self._ending.set()
        self._thread.join()
        for partition in range(PARTITIONS):
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
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        self._feeder.close()

    def _run(self) -> None:
        begun_at = time.monotonic()
        while not self._ending.wait(_TICK_S):
            due = int((time.monotonic() - begun_at) * self._rate)
            while self._next < due and not self._ending.is_set():
                self._one(self._next)
                self._next += 1
            self._feeder.serve()
        for _, partition, value in self._again:
            self._send(partition, value)

    def _one(self, number: int) -> None:
        while self._again and self._again[0][0] <= number:
            _, partition, value = self._again.popleft()
            self._send(partition, value)
        partition = number % PARTITIONS
        values = self._values(number, DISORDER_MS if self._taken("disorder") else JITTER_MS)
        value = _encoded(values, other=self._taken("schema"))
        self._send(partition, value)
        if self._taken("duplicates"):
            self._again.append((number + AGAIN_AFTER, partition, value))
        if self._taken("poison"):
            self._send(partition, POISON[number % len(POISON)])

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

    def _send(self, partition: int, value: bytes) -> None:
        self._feeder.send(self._topic, partition, value, None)


def _encoded(values: dict[str, object], *, other: bool = False, closing: bool = False) -> bytes:
    """A row as JSON; `other` with a new column, without `note`, in another order."""
    at = values["ts"]
    assert isinstance(at, datetime)
    shown = {**values, "ts": (at + CLOSING if closing else at).isoformat(" ", "milliseconds")}
    if other:
        del shown["note"]
        shown = dict(reversed([*shown.items(), ("added", {"deep": [1, 2]})]))
    return json.dumps(shown, separators=(",", ":")).encode()
