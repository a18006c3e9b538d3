"""A topic followed from its begin, over a long time, whatever happens to the broker meanwhile.

Guarantees: each record of the topic comes once, by partition in its order; after a failure reading
goes on behind the last record that came. With `committed` only what was committed comes.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from tidemill.connectors.kafka.admin import QUIET, KafkaAdmin
from tidemill.errors import ConnectorError, Where

_BATCH = 10_000
_WITHIN_S = 60.0


class TopicTail:
    """One topic; used from one thread. `at` is by partition the next offset that is wanted."""

    def __init__(self, admin: KafkaAdmin, topic: str, *, partitions: int, committed: bool) -> None:
        self._topic = topic
        self._ended: set[int] = set()
        self.at = dict.fromkeys(range(partitions), 0)
        self._properties = {
            **admin.consumer_properties(read_committed=committed),
            "logger": QUIET,
            "reconnect.backoff.max.ms": 500,
        }
        self._consumer: Any = None

    def come(self) -> list[Any]:
        """The messages that can be read by now; fewer where the broker is away for long.

        The ends are not asked for: a client that knows the leaders from before a broker's restart
        is refused until it looks again. A new assignment tells the end of each partition.
        """
        found: list[Any] = []
        self._open()
        self._ended.clear()
        limit = time.monotonic() + _WITHIN_S
        while len(self._ended) < len(self.at) and time.monotonic() < limit:
            found += self._poll()
        return found

    def until(self, ends: Mapping[int, int], timeout_s: float) -> list[Any]:
        """The messages up to these offsets (the next ones to be written), and maybe more."""
        found: list[Any] = []
        limit = time.monotonic() + timeout_s
        while any(self.at[partition] < end for partition, end in ends.items()):
            if time.monotonic() > limit:
                raise ConnectorError(
                    f"`{self._topic}` could not be read to its end within {timeout_s:.0f} s",
                    code="connector.unreachable",
                    where=Where(topic=self._topic),
                    detail=f"wanted {dict(ends)}, read {self.at}",
                )
            found += self._poll()
        return found

    def close(self) -> None:
        """Stop reading."""
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None

    def _open(self) -> None:
        """Read on from where we are, as if for the first time."""
        if self._consumer is None:
            self._consumer = Consumer(self._properties)
        self._consumer.assign([TopicPartition(self._topic, p, at) for p, at in self.at.items()])

    def _poll(self) -> list[Any]:
        if self._consumer is None:
            self._open()
        try:
            messages = self._consumer.consume(_BATCH, 0.05)
        except KafkaException:
            messages = []
        found = [message for message in messages if message.error() is None]
        for message in found:
            self.at[message.partition()] = message.offset() + 1
        for message in messages:
            error = message.error()
            if error is not None and error.code() == KafkaError._PARTITION_EOF:
                # Behind the last record there may be marks of transactions, which never come.
                self.at[message.partition()] = max(message.offset(), self.at[message.partition()])
                self._ended.add(message.partition())
            elif error is not None:
                self.close()
        return found
