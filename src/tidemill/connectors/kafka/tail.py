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
from tidemill.connectors.kafka.topic_facts import end_offsets
from tidemill.errors import ConnectorError, Where

_BATCH = 10_000
_WITHIN_S = 60.0


class TopicTail:
    """One topic; used from one thread. `at` is by partition the next offset that is wanted."""

    def __init__(self, admin: KafkaAdmin, topic: str, *, partitions: int, committed: bool) -> None:
        self._admin, self._topic, self._committed = admin, topic, committed
        self.at = dict.fromkeys(range(partitions), 0)
        self._properties = {
            **admin.consumer_properties(read_committed=committed),
            "logger": QUIET,
            "reconnect.backoff.max.ms": 500,
        }
        self._consumer: Any = None

    def come(self) -> list[Any]:
        """The messages that can be read by now; none while the broker is away."""
        wanted = {self._topic: len(self.at)}
        try:
            ends = end_offsets(self._admin, wanted, read_committed=self._committed)
            return self.until({part: end for (_, part), end in ends.items()}, _WITHIN_S)
        except ConnectorError:
            return []

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

    def _poll(self) -> list[Any]:
        if self._consumer is None:
            self._consumer = Consumer(self._properties)
            self._consumer.assign([TopicPartition(self._topic, p, at) for p, at in self.at.items()])
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
            elif error is not None:
                self.close()
        return found
