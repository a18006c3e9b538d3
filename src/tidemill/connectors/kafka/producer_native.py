"""The native crate's producer behind the calls of confluent-kafka's; see `producer`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from tidemill.connectors.kafka.messages import Header, Messages

FLUSH_SLICE_S = 0.2
"""So long is a wait without Python, so that an interrupt is heard."""

_NOT_FOR_LIBRDKAFKA = ("logger", "error_cb")
_Problem = tuple[int, str, bool, bool, bool]


def texts(config: Mapping[str, Any]) -> dict[str, str]:
    """A client's configuration as librdkafka reads it, without what is Python's."""
    return {
        key: str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in config.items()
        if key not in _NOT_FOR_LIBRDKAFKA
    }


class NativeProducer:
    """See `producer.EpochProducer`."""

    def __init__(
        self,
        crate: Any,
        config: Mapping[str, Any],
        group: str,
        delivered: Callable[[KafkaError | None, Message | None], None],
    ) -> None:
        self._producer = crate.KafkaProducer(texts(config))
        self._group = group
        self._delivered = delivered

    def __len__(self) -> int:
        """Messages and reports on their way."""
        return int(self._producer.waiting())

    def produce(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None,
        partition: int,
        *,
        timestamp: int,
        headers: list[Header] | None,
    ) -> None:
        """Hand one message over; BufferError where the producer is full."""
        problem = self._producer.produce_one(topic, value, key, partition, timestamp, headers or [])
        if problem is not None and problem[0] == KafkaError._QUEUE_FULL:
            raise BufferError
        _check(problem)

    def produce_from(self, topic: str, messages: Messages, at: int) -> int:
        """See `producer.EpochProducer`."""
        numbered = None
        if messages.prefix is not None:
            numbered = (messages.name, messages.prefix, messages.first + at)
        taken, problem = self._producer.produce(
            topic,
            _binary(messages.values),
            None if messages.keys is None else _binary(messages.keys),
            at,
            messages.partition,
            numbered,
            list(messages.headers),
        )
        _check(problem)
        return int(taken)

    def send_offsets(self, offsets: list[TopicPartition], timeout_s: float) -> None:
        """See `producer.EpochProducer`."""
        entries = [(o.topic, o.partition, o.offset, o.metadata or "") for o in offsets]
        _check(self._producer.send_offsets_to_transaction(entries, self._group, _ms(timeout_s)))

    def poll(self, timeout: float) -> int:
        """Let failed deliveries be told, waiting so many seconds; raises where it is at its end."""
        return self._reported(self._producer.poll(_ms(timeout)))

    def flush(self, timeout: float) -> int:
        """Wait so many seconds until all is delivered; how much is not."""
        limit = time.monotonic() + timeout
        while True:
            left = min(max(limit - time.monotonic(), 0), FLUSH_SLICE_S)
            self._reported(self._producer.flush(_ms(left)))
            waiting = len(self)
            if waiting == 0 or time.monotonic() >= limit:
                return waiting

    def purge(self, in_queue: bool, in_flight: bool, blocking: bool) -> None:
        """Forget all messages."""
        assert in_queue and in_flight
        self._producer.purge(blocking)

    def init_transactions(self, timeout: float) -> None:
        """Fence older producers of the transactional id."""
        _check(self._producer.init_transactions(_ms(timeout)))

    def begin_transaction(self) -> None:
        """Begin a transaction."""
        _check(self._producer.begin_transaction())

    def commit_transaction(self, timeout: float) -> None:
        """Commit the transaction."""
        _check(self._producer.commit_transaction(_ms(timeout)))

    def abort_transaction(self, timeout: float) -> None:
        """Abort the transaction."""
        _check(self._producer.abort_transaction(_ms(timeout)))

    def close(self) -> None:
        """Give the client back; a call that hangs keeps it."""
        self._producer.close()

    def _reported(self, problem: _Problem | None) -> int:
        failures = self._producer.failures()
        for code, text in failures:
            self._delivered(KafkaError(code, text), None)
        _check(problem)
        return len(failures)


def _check(problem: _Problem | None) -> None:
    if problem is not None:
        code, text, fatal, retriable, abort = problem
        raise KafkaException(
            KafkaError(code, text, fatal=fatal, retriable=retriable, txn_requires_abort=abort)
        )


def _binary(column: pa.Array) -> pa.BinaryArray:
    return column if column.type == pa.binary() else column.cast(pa.binary())


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
