"""Messages of a topic read and written one by one, for people and scripts.

Guarantees: `read_records` is read_committed unless asked otherwise and ends at what was the end;
`write_records` returns once all messages are acknowledged. Non-guarantee: speed; pipelines use the
connector's source and sink.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterable
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    Consumer,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka import Message as ClientMessage

from tidemill.connectors.kafka.admin import QUIET, TIMEOUT_S, KafkaAdmin
from tidemill.errors import ConnectorError, Where
from tidemill.records import dataclass

_PAUSE_S = 0.002


@dataclass(frozen=True, slots=True)
class Record:
    """One message of a topic."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int | None
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()


@dataclass(frozen=True, slots=True)
class NewRecord:
    """One message to write."""

    value: bytes | None
    key: bytes | None = None
    partition: int | None = None
    timestamp_ms: int | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()


@dataclass(frozen=True, slots=True)
class ReadFrom:
    """Where reading starts: `offset` counts from the begin (0, 1, ...) or the end (-1, -2, ...)."""

    partitions: tuple[int, ...] = ()
    offset: int | None = None
    timestamp_ms: int | None = None


def read_records(
    admin: KafkaAdmin,
    topic: str,
    start: ReadFrom,
    *,
    follow: bool = False,
    read_committed: bool = True,
    stopped: Callable[[], bool] = lambda: False,
) -> Generator[Record, None, None]:
    """The topic's messages; ends at what is its end when asked, unless `follow`."""
    admin.require((topic,))
    consumer = Consumer(admin.consumer_properties(read_committed=read_committed))
    try:
        wanted = _start(admin, consumer, topic, start)
        consumer.assign(wanted)
        open_partitions = {item.partition for item in wanted}
        while (open_partitions or follow) and not stopped():
            message = consumer.poll(0.2)
            if message is None:
                continue
            error = message.error()
            if error is None:
                yield _record(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                open_partitions.discard(message.partition())
            elif error.fatal() or not error.retriable():
                raise admin.failed(f"read {topic}", error, topic)
    except KafkaException as error:
        raise admin.failed(f"read {topic}", error.args[0], topic) from None
    finally:
        consumer.close()


def write_records(admin: KafkaAdmin, topic: str, records: Iterable[NewRecord]) -> int:
    """Write messages; returns how many, once all are acknowledged."""
    admin.require((topic,))
    producer = Producer(
        {**admin.properties, "enable.idempotence": True, "linger.ms": 5, "log_level": 0},
        logger=QUIET,
    )
    with _Deliveries(producer) as deliveries:
        count = 0
        for record in records:
            _produce(admin, producer, topic, record, deliveries.told)
            count += 1
            if deliveries.failures:
                break
        deliveries.wait(count, TIMEOUT_S * 4)
    if deliveries.failures or deliveries.count < count:
        failures = deliveries.failures
        reason = failures[0] if failures else KafkaError(KafkaError._TIMED_OUT)
        raise admin.failed(f"write to {topic}", reason, topic)
    return count


class _Deliveries:
    """Takes a producer's acknowledgements, in a thread of its own.

    In the main thread a Ctrl-C could come while the client calls back, and confluent-kafka 2.16
    loses what its handler raises: `poll` goes on, `flush` gives a SystemError.
    """

    def __init__(self, producer: Producer) -> None:
        self.count = 0
        self.failures: list[Any] = []
        self._producer = producer
        self._open = True
        self._thread = threading.Thread(target=self._serve, name="kafka-deliveries", daemon=True)

    def __enter__(self) -> _Deliveries:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._open = False
        self._thread.join()

    def told(self, error: Any, _message: ClientMessage) -> None:
        """The fate of one message."""
        if error is not None:
            self.failures.append(error)
        self.count += 1

    def wait(self, count: int, timeout_s: float) -> None:
        """Until the fate of so many is known, or the time is over."""
        limit = time.monotonic() + timeout_s
        while self.count < count and time.monotonic() < limit:
            time.sleep(_PAUSE_S)

    def _serve(self) -> None:
        while self._open:
            self._producer.poll(0.05)


def _produce(
    admin: KafkaAdmin,
    producer: Producer,
    topic: str,
    record: NewRecord,
    delivered: Callable[..., None],
) -> None:
    extra: dict[str, Any] = {}
    if record.partition is not None:
        extra["partition"] = record.partition
    if record.timestamp_ms is not None:
        extra["timestamp"] = record.timestamp_ms
    while True:
        try:
            producer.produce(
                topic,
                value=record.value,
                key=record.key,
                headers=list(record.headers) or None,
                on_delivery=delivered,
                **extra,
            )
        except BufferError:
            time.sleep(_PAUSE_S)
        except KafkaException as error:
            raise admin.failed(f"write to {topic}", error.args[0], topic) from None
        else:
            return


def _start(
    admin: KafkaAdmin, consumer: Consumer, topic: str, start: ReadFrom
) -> list[TopicPartition]:
    known = consumer.list_topics(topic, timeout=TIMEOUT_S).topics[topic].partitions
    chosen = sorted(start.partitions or known)
    missing = [number for number in chosen if number not in known]
    if missing:
        raise ConnectorError(
            f"{topic} has no partition {missing[0]}",
            code="connector.bad-option",
            where=Where(topic=topic),
            hint=f"It has the partitions 0 to {len(known) - 1}.",
        )
    if start.timestamp_ms is not None:
        asked = [TopicPartition(topic, number, start.timestamp_ms) for number in chosen]
        return list(consumer.offsets_for_times(asked, timeout=TIMEOUT_S))
    if start.offset is None:
        return [TopicPartition(topic, number, OFFSET_BEGINNING) for number in chosen]
    return [
        TopicPartition(topic, number, _offset(admin, consumer, topic, number, start.offset))
        for number in chosen
    ]


def _offset(admin: KafkaAdmin, consumer: Consumer, topic: str, partition: int, offset: int) -> int:
    bounds = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=TIMEOUT_S)
    if bounds is None:
        raise admin.failed("ask for offsets", KafkaError(KafkaError._TIMED_OUT), topic)
    begin, end = bounds
    wanted = end + offset if offset < 0 else offset
    return int(min(max(wanted, begin), end)) if end > begin else int(OFFSET_END)


def _record(message: ClientMessage) -> Record:
    kind, timestamp = message.timestamp()
    return Record(
        topic=str(message.topic()),
        partition=int(message.partition() or 0),
        offset=int(message.offset() or 0),
        timestamp_ms=timestamp if kind else None,
        key=message.key(),
        value=message.value(),
        headers=_headers(message),
    )


def _headers(message: ClientMessage) -> tuple[tuple[str, bytes | None], ...]:
    given: Any = message.headers() or []
    pairs = given.items() if isinstance(given, dict) else given
    return tuple((str(name), value) for name, value in pairs)
