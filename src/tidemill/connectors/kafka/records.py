"""Messages of a topic read and written one by one, for people and scripts.

Guarantees: `read_records` is read_committed unless asked otherwise and ends at what was the end;
`write_records` returns once all messages are acknowledged. Non-guarantee: speed; pipelines use the
connector's source and sink.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
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
    failures: list[Any] = []

    def delivered(error: Any, _message: ClientMessage) -> None:
        if error is not None:
            failures.append(error)

    count = 0
    for record in records:
        _produce(admin, producer, topic, record, delivered)
        count += 1
        if failures:
            break
    producer.flush(TIMEOUT_S * 4)
    if failures or len(producer):
        reason = failures[0] if failures else KafkaError(KafkaError._TIMED_OUT)
        raise admin.failed(f"write to {topic}", reason, topic)
    return count


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
            producer.poll(0.1)
        except KafkaException as error:
            raise admin.failed(f"write to {topic}", error.args[0], topic) from None
        else:
            producer.poll(0)
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
