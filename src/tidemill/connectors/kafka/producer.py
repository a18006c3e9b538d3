"""The producers of a commit group: confluent-kafka's, and the native crate's where it can serve.

Both are librdkafka with the same settings, and each error comes out as `KafkaException`, so that
fencing and doubt are the group's to decide, on either. The crate takes whole columns without the
GIL and without a Python object a message.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

from tidemill.connectors.kafka.client import create
from tidemill.connectors.kafka.crate import kafka_crate
from tidemill.connectors.kafka.messages import Header, Messages
from tidemill.connectors.kafka.producer_native import NativeProducer

Delivered = Callable[[KafkaError | None, Message | None], None]


class EpochProducer(Protocol):
    """What a commit group asks of its producer; every error is a `KafkaException`."""

    def __len__(self) -> int:
        """Messages and reports on their way."""
        ...

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
        ...

    def produce_from(self, topic: str, messages: Messages, at: int) -> int:
        """Hand the messages from `at` on over; how many, fewer where the producer is full."""
        ...

    def send_offsets(self, offsets: list[TopicPartition], timeout_s: float) -> None:
        """Commit offsets of the group without members within the transaction."""
        ...

    def poll(self, timeout: float) -> int:
        """Let failed deliveries be told, waiting so many seconds; raises where it is at its end."""
        ...

    def flush(self, timeout: float) -> int:
        """Wait so many seconds until all is delivered; how much is not."""
        ...

    def purge(self, in_queue: bool, in_flight: bool, blocking: bool) -> None:
        """Forget messages that are not delivered."""
        ...

    def init_transactions(self, timeout: float) -> None:
        """Fence older producers of the transactional id; seconds."""
        ...

    def begin_transaction(self) -> None:
        """Begin a transaction."""
        ...

    def commit_transaction(self, timeout: float) -> None:
        """Commit the transaction; seconds."""
        ...

    def abort_transaction(self, timeout: float) -> None:
        """Abort the transaction; seconds."""
        ...

    def close(self) -> object:
        """Give the client back."""
        ...


def epoch_producer(
    config: Mapping[str, Any], member: Consumer, group: str, delivered: Delivered
) -> EpochProducer:
    """A producer of the configuration; the crate's where it is there.

    Args:
        config: as `client.producer_config` makes it.
        member: a consumer of `group`.
        group: whose offsets `send_offsets` commits.
        delivered: is told of each delivery that failed.
    """
    crate = kafka_crate()
    if crate is not None:
        try:
            return NativeProducer(crate, config, group, delivered)
        except (ValueError, RuntimeError):
            pass  # a property is wrong: confluent-kafka says which, as on the other path
    made: Any = create(lambda c: PythonProducer(c, member, delivered), dict(config))
    producer: EpochProducer = made  # its headers are of a wider type, in a list
    return producer


_CONNECTING_S = 0.05


class PythonProducer(Producer):
    """confluent-kafka's producer."""

    def __init__(self, config: dict[str, Any], member: Consumer, delivered: Delivered) -> None:
        super().__init__({**config, "on_delivery": delivered})
        self._member = member

    def init_transactions(self, timeout: float) -> None:  # type: ignore[override]
        """See `EpochProducer`."""
        # A client that is just connecting else looks for a coordinator too early, and again by a
        # timer of half a second.
        self.poll(_CONNECTING_S)
        super().init_transactions(timeout)

    def produce_from(self, topic: str, messages: Messages, at: int) -> int:
        """See `EpochProducer`."""
        produce, partition = self.produce, messages.partition
        values = messages.values.slice(at).to_pylist()
        keys = messages.keys
        key_of = [None] * len(values) if keys is None else keys.slice(at).to_pylist()
        prefix, name = messages.prefix, messages.name
        headers: list[Any] | None = list(messages.headers) or None
        number = messages.first + at
        for taken, (value, key) in enumerate(zip(values, key_of, strict=True)):
            if prefix is not None:
                headers = [(name, b"%b%d" % (prefix, number + taken)), *messages.headers]
            try:
                produce(topic, value, key, partition, headers=headers)
            except BufferError:
                return taken
        return len(values)

    def send_offsets(self, offsets: list[TopicPartition], timeout_s: float) -> None:
        """See `EpochProducer`."""
        group = self._member.consumer_group_metadata()
        self.send_offsets_to_transaction(offsets, group, timeout_s)
