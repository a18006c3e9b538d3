"""The buildings' application: it changes devices in Postgres, and sends readings and clicks.

Guarantees: over any number of interruptions each message stands in its topic once and in its order,
since the topics themselves say how many stand there; a change of a device that is older than what
the table holds is left out. Changes of a minute commit before its messages are sent.
Non-guarantees: others who write to the topics.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg

from tidemill.connectors.kafka.records import NewRecord
from tidemill.control.demo.clickstream_iot.generate import Buildings, Device, Message, Minute
from tidemill.control.topics import Cluster, describe_topic, write_topic

TOPICS = ("device_readings", "clicks")
CHUNK_MESSAGES = 1_000
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - of a wall clock
_UPSERT = b"""
INSERT INTO public.devices AS d (device_id, kind, model, site, calibration, updated_at)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (device_id) DO UPDATE SET
  site = EXCLUDED.site, calibration = EXCLUDED.calibration, updated_at = EXCLUDED.updated_at
WHERE d.updated_at < EXCLUDED.updated_at
"""


class Feed:
    """Feeds the first so many minutes of a seed's buildings; what stands there is not sent again.

    Args:
        cluster: where the topics are.
        database: the Postgres with the table `devices`.
        rate: messages per second at most; None for as fast as it goes.
    """

    def __init__(
        self, cluster: Cluster, database: psycopg.Connection[Any], rate: int | None
    ) -> None:
        self._cluster, self._database, self._rate = cluster, database, rate
        self.sent = {topic: self._written(topic) for topic in TOPICS}

    def run(self, seed: int, minutes: int, chunk_done: Callable[[int], None]) -> None:
        """Feed them; `chunk_done` is told the number of the last minute after each chunk."""
        begun_at, begun = time.monotonic(), sum(self.sent.values())
        skip = dict(self.sent)
        for chunk in _chunks(Buildings(seed).minutes(minutes)):
            self._change([device for minute in chunk for device in minute.changes])
            for topic, messages in zip(TOPICS, _messages(chunk), strict=True):
                new = messages[skip[topic] :]
                skip[topic] = max(0, skip[topic] - len(messages))
                self.sent[topic] += write_topic(self._cluster, topic, map(_record, new))
            if self._rate is not None:
                due_at = begun_at + (sum(self.sent.values()) - begun) / self._rate
                time.sleep(max(0.0, due_at - time.monotonic()))
            chunk_done(chunk[-1].number)

    def _change(self, devices: Sequence[Device]) -> None:
        with self._database.transaction(), self._database.cursor() as cursor:
            for d in devices:
                row = (d.device_id, d.kind, d.model, d.site, d.calibration, d.updated_at)
                cursor.execute(_UPSERT, row)

    def _written(self, topic: str) -> int:
        return sum(p.end - p.begin for p in describe_topic(self._cluster, topic).partitions)


def minutes_for(rows: int, per_minute: int) -> int:
    """How many minutes have about so many readings; two at least, so that one is finished."""
    return max(2, -(-rows // per_minute))


def _chunks(minutes: Iterator[Minute]) -> Iterator[list[Minute]]:
    """Minutes together, so that each chunk has some messages."""
    chunk: list[Minute] = []
    for minute in minutes:
        chunk.append(minute)
        if sum(len(m.readings) + len(m.clicks) for m in chunk) >= CHUNK_MESSAGES:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _messages(chunk: Sequence[Minute]) -> tuple[list[Message], list[Message]]:
    return [r for m in chunk for r in m.readings], [c for m in chunk for c in m.clicks]


def _record(message: Message) -> NewRecord:
    return NewRecord(json.dumps(message.fields).encode(), message.key.encode())


def wall_ms(at: datetime) -> int:
    """Milliseconds since 1970 on a wall clock, as Debezium writes a `timestamp`."""
    return (at - _EPOCH) // timedelta(milliseconds=1)
