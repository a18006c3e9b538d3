"""Records handed to Kafka one by one over a long time, whatever happens to the broker meanwhile.

Guarantees: an idempotent producer with `acks=all`: each record comes to stand in its partition
once, in the order handed over; `acknowledged` says up to which offset. A record that the broker has
not taken after `GIVE_UP_S` is in `failures`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from tidemill.connectors.kafka.admin import QUIET

GIVE_UP_S = 600
MESSAGE_BYTES_MAX = 1 << 25


class Feeder:
    """One producer; used from one thread."""

    def __init__(self, properties: Mapping[str, str]) -> None:
        self._producer = Producer(
            {
                **properties,
                "enable.idempotence": True,
                "linger.ms": 5,
                "message.timeout.ms": GIVE_UP_S * 1000,
                "message.max.bytes": MESSAGE_BYTES_MAX,
                "reconnect.backoff.max.ms": 500,
                "log_level": 0,
            },
            logger=QUIET,
        )
        self.acknowledged: dict[int, int] = {}
        """By partition the offset after the last record that stands there."""
        self.failures: list[str] = []
        self.sent = self.stands = 0

    def send(
        self,
        topic: str,
        partition: int,
        value: bytes | None,
        key: bytes | None,
        headers: Sequence[tuple[str, bytes]] | None = None,
    ) -> None:
        """Hand a record over; waits while the producer is full."""
        while True:
            try:
                self._producer.produce(
                    topic, value, key, partition, on_delivery=self._delivered,
                    headers=list(headers) if headers else None,
                )  # fmt: skip
            except BufferError:
                self._producer.poll(0.1)
                continue
            except KafkaException as error:
                if error.args[0].code() != KafkaError._UNKNOWN_PARTITION:
                    raise
                self._look_at(topic)
                continue
            self.sent += 1
            return

    def _look_at(self, topic: str) -> None:
        """Learn of partitions that were added."""
        with suppress(KafkaException):
            self._producer.list_topics(topic, timeout=1.0)
        self._producer.poll(0.1)

    def serve(self) -> None:
        """Take acknowledgements that have come."""
        self._producer.poll(0)

    def flush(self, timeout_s: float) -> bool:
        """Wait until all that was sent stands; whether it does."""
        left: int = self._producer.flush(timeout_s)
        return not left and not self.failures

    def close(self) -> None:
        """Give up what does not stand yet."""
        self._producer.purge(in_queue=True, in_flight=True, blocking=False)
        self._producer.flush(1)

    def _delivered(self, error: KafkaError | None, message: Any) -> None:
        if error is not None:
            self.failures.append(str(error))
            return
        self.stands += 1
        partition, end = message.partition(), message.offset() + 1
        self.acknowledged[partition] = max(end, self.acknowledged.get(partition, 0))
