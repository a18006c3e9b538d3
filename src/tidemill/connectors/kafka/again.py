"""Reads a stretch of a partition again, to find the messages behind rows that cannot be processed.

The native reader keeps no messages; bad rows are rare, so looking them up is cheaper than keeping
all. Non-guarantee: messages that the broker has removed meanwhile are not found.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from tidemill.connectors.kafka.startup import Partition

TIMEOUT_S = 10.0


class Stretch:
    """Messages that were read once: the first `count` from an offset on; read when asked for."""

    def __init__(self, config: Mapping[str, Any], at: Partition, first: int, count: int) -> None:
        self._config = {key: value for key, value in config.items() if key != "error_cb"}
        self._from = TopicPartition(at[0], at[1], first)
        self._count = count
        self._found: list[Message] | None = None

    def messages(self) -> list[Message]:
        """The messages; none where the broker does not give them any more."""
        if self._found is None:
            try:
                self._found = self._read()
            except KafkaException:
                self._found = []
        return self._found

    def _read(self) -> list[Message]:
        found: list[Message] = []
        limit = time.monotonic() + TIMEOUT_S
        consumer = Consumer(self._config)
        try:
            consumer.assign([self._from])
            while len(found) < self._count and time.monotonic() < limit:
                for message in consumer.consume(self._count - len(found), 0.05):
                    error = message.error()
                    if error is None:
                        found.append(message)
                    elif not error.retriable():
                        limit = 0.0
        finally:
            consumer.close()
        return found if len(found) == self._count else []
