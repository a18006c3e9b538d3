"""Use case: browse a topic's messages, within bounds of messages looked at, found, and time.

Reading begins at the begin, the end, an offset or a time, and says how far it came, so that the
next page goes on there; it never commits an offset, so nobody's consumer group notices.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import field
from typing import Any, Literal

from tidemill.connectors.kafka.records import ReadFrom, Record, read_records
from tidemill.control.masks import Masks
from tidemill.control.message_filter import MessageFilter
from tidemill.control.message_schemas import MessageSchemas
from tidemill.control.message_view import Decoding, MessageView, view
from tidemill.control.topics import Cluster
from tidemill.records import dataclass

LIMIT_MAX = 1000
SCANNED_MAX = 200_000
SECONDS_MAX = 10.0
BYTES_MAX = 32 << 20

Start = Literal["begin", "end", "offset", "time"]


@dataclass(frozen=True, slots=True)
class Browse:
    """What to look for; `at` is an offset (negative: from the end) or epoch milliseconds."""

    topic: str
    start: Start = "end"
    at: int | None = None
    partitions: tuple[int, ...] = ()
    limit: int = 100
    decoding: Decoding = "auto"
    wanted: MessageFilter = field(default_factory=MessageFilter)
    masks: Masks = field(default_factory=Masks)
    schemas: MessageSchemas = field(default_factory=MessageSchemas)

    def read_from(self) -> ReadFrom:
        """Where reading begins."""
        if self.start == "begin":
            return ReadFrom(self.partitions)
        if self.start == "time":
            return ReadFrom(self.partitions, timestamp_ms=self.at or 0)
        if self.start == "offset":
            return ReadFrom(self.partitions, offset=self.at or 0)
        back = self.limit if self.wanted.empty else SCANNED_MAX // 20
        return ReadFrom(self.partitions, offset=-back)


@dataclass(frozen=True, slots=True)
class Page:
    """What was found. `stopped_by` is end, limit, scanned, time or bytes.

    Newest first where reading began at the end, in the order of reading elsewhere.
    """

    messages: tuple[MessageView, ...]
    scanned: int
    stopped_by: str
    unfit: int
    last_failure: str | None
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """For the API."""
        return {
            "messages": [message.as_dict() for message in self.messages],
            "scanned": self.scanned,
            "stopped_by": self.stopped_by,
            "expression_failures": self.unfit,
            "last_failure": self.last_failure,
            "seconds": round(self.seconds, 3),
        }


def browse(cluster: Cluster, asked: Browse) -> Page:
    """Look at a topic; raises ConnectorError and UserError."""
    limit = min(asked.limit, LIMIT_MAX)
    begun = time.monotonic()
    until = begun + SECONDS_MAX
    found: list[MessageView] = []
    scanned, size, stopped_by = 0, 0, "end"
    newest = asked.start == "end"
    records = read_records(
        cluster.admin(), asked.topic, asked.read_from(), stopped=lambda: time.monotonic() > until
    )
    try:
        for record in records:
            scanned += 1
            message = asked.masks.message(view(record, asked.decoding, asked.schemas))
            if asked.wanted.matches(message):
                found.append(message)
                size += message.value.bytes + message.key.bytes
            if not newest and len(found) >= limit:
                stopped_by = "limit"
                break
            if scanned >= SCANNED_MAX or size > BYTES_MAX:
                stopped_by = "bytes" if size > BYTES_MAX else "scanned"
                break
    finally:
        records.close()
    if time.monotonic() > until:
        stopped_by = "time"
    if newest:
        found.sort(key=lambda one: (one.record.timestamp_ms or 0, one.record.offset), reverse=True)
        found = found[:limit]
    return Page(
        tuple(found), scanned, stopped_by, asked.wanted.failures, asked.wanted.last_failure,
        time.monotonic() - begun,
    )  # fmt: skip


def tail(cluster: Cluster, asked: Browse, stopped: Callable[[], bool]) -> Iterator[MessageView]:
    """What arrives from now on, until `stopped`."""
    start = ReadFrom(asked.partitions, timestamp_ms=round(time.time() * 1000))
    records = read_records(cluster.admin(), asked.topic, start, follow=True, stopped=stopped)
    try:
        for record in records:
            message = asked.masks.message(view(record, asked.decoding, asked.schemas))
            if asked.wanted.matches(message):
                yield message
    finally:
        records.close()


def one_message(cluster: Cluster, topic: str, partition: int, offset: int) -> MessageView | None:
    """The message at an offset; None where it is gone."""
    records = read_records(cluster.admin(), topic, ReadFrom((partition,), offset=offset))
    try:
        first: Record | None = next(records, None)
    finally:
        records.close()
    return view(first) if first is not None and first.offset == offset else None
