"""A log handler that writes each line to a Kafka topic.

Guarantees: logging never waits for Kafka and never fails through it. Non-guarantees: lines are lost
where Kafka is away for longer than they fit into memory (10,000 of them), or for longer than a
minute. The message's key is the line's data set, so that one pipeline's lines stay in order.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping
from typing import Any

from confluent_kafka import KafkaException, Producer

from tidemill.connectors.kafka.admin import QUIET

FLUSH_S = 2.0


class TopicLog(logging.Handler):
    """Writes formatted records; `close` waits for two seconds at most for what is on its way."""

    def __init__(self, properties: Mapping[str, str], topic: str, key: str) -> None:
        super().__init__()
        config: dict[str, Any] = {
            **properties,
            "queue.buffering.max.messages": 10_000,
            "message.timeout.ms": 60_000,
            "linger.ms": 100,
            "log_level": 0,
            "client.id": "tidemill-log",
        }
        self._producer = Producer(config, logger=QUIET)
        self._topic, self._key = topic, key.encode()

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a record on; what does not fit into memory is dropped."""
        with contextlib.suppress(BufferError, KafkaException):
            self._producer.produce(self._topic, self.format(record).encode(), self._key)
            self._producer.poll(0)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Drop the record: a log that cannot be written must not stop a pipeline."""

    def close(self) -> None:
        """Write what is waiting."""
        with contextlib.suppress(KafkaException):
            self._producer.flush(FLUSH_S)
        super().close()
