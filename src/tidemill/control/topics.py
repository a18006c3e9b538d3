"""Kafka topics by hand: list, describe, create, delete, read, write."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tidemill.connectors.kafka.admin import KafkaAdmin, TopicDetail, TopicInfo
from tidemill.connectors.kafka.records import (
    NewRecord,
    ReadFrom,
    Record,
    read_records,
    write_records,
)
from tidemill.control.project_context import kafka_properties, open_project
from tidemill.errors import Span, TextWhere, UserError
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Cluster:
    """Which Kafka: the project's own, or the one at `bootstrap`."""

    project: Path | None = None
    bootstrap: str | None = None

    def admin(self) -> KafkaAdmin:
        """A client of the cluster."""
        project = open_project(self.project, needed=False)
        return KafkaAdmin(kafka_properties(project, self.bootstrap))


def list_topics(cluster: Cluster, *, internal: bool = False) -> list[TopicInfo]:
    """The topics, Kafka's own ones only with `internal`."""
    return [topic for topic in cluster.admin().topics() if internal or not topic.internal]


def describe_topic(cluster: Cluster, topic: str) -> TopicDetail:
    """One topic's partitions and settings."""
    return cluster.admin().describe(topic)


def create_topic(
    cluster: Cluster, topic: str, *, partitions: int, replication: int, settings: Mapping[str, str]
) -> None:
    """Create a topic."""
    cluster.admin().create(topic, partitions=partitions, replication=replication, settings=settings)


def delete_topics(cluster: Cluster, topics: Sequence[str]) -> None:
    """Delete topics with all their messages."""
    cluster.admin().delete(topics)


def read_topic(
    cluster: Cluster,
    topic: str,
    *,
    partitions: tuple[int, ...] = (),
    offset: int | None = None,
    since_ms: int | None = None,
    follow: bool = False,
    read_committed: bool = True,
    stopped: Callable[[], bool] = lambda: False,
) -> Generator[Record, None, None]:
    """The messages of a topic, up to its end as it is now, or on and on with `follow`.

    `offset` counts from the begin (0, 1, ...) or from the end (-1, -2, ...) of each partition.
    """
    start = ReadFrom(partitions, offset, since_ms)
    return read_records(
        cluster.admin(), topic, start, follow=follow, read_committed=read_committed, stopped=stopped
    )


def write_topic(cluster: Cluster, topic: str, records: Iterable[NewRecord]) -> int:
    """Write messages; returns how many were acknowledged."""
    return write_records(cluster.admin(), topic, records)


def record_as_dict(record: Record) -> dict[str, Any]:
    """A message as JSON data; bytes that are not UTF-8 come as `{"base64": ...}`."""
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp_ms": record.timestamp_ms,
        "key": bytes_as_data(record.key),
        "value": bytes_as_data(record.value),
        "headers": {name: bytes_as_data(value) for name, value in record.headers},
    }


def text_records(
    lines: Iterable[bytes], *, file: str, key_separator: str | None = None
) -> Iterator[NewRecord]:
    """One message per line; with a separator, what stands before it is the key."""
    separator = key_separator.encode() if key_separator else None
    for number, line in enumerate(lines, start=1):
        value = line.rstrip(b"\r\n")
        if not value:
            continue
        if separator is None:
            yield NewRecord(value)
            continue
        key, found, rest = value.partition(separator)
        if not found:
            raise _bad_line(
                "the line has no key separator", value, file, number, "Write KEY, separator, VALUE."
            )
        yield NewRecord(rest, key)


def json_records(lines: Iterable[bytes], *, file: str) -> Iterator[NewRecord]:
    """One message per line, as `topic read --json` prints them; `value` null is a tombstone."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            given = json.loads(line)
            if not isinstance(given, dict) or "value" not in given:
                raise ValueError("it is no JSON object with the key `value`")
            headers = given.get("headers") or {}
            yield NewRecord(
                data_as_bytes(given["value"]),
                data_as_bytes(given.get("key")),
                given.get("partition"),
                given.get("timestamp_ms"),
                tuple((str(name), data_as_bytes(value)) for name, value in headers.items()),
            )
        except (ValueError, AttributeError, binascii.Error) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else error
            raise _bad_line(
                f"the line is not a message: {reason}",
                line.rstrip(b"\r\n"),
                file,
                number,
                'Write one JSON object per line, such as {"key": "a", "value": {"x": 1}}.',
            ) from None


def bytes_as_data(value: bytes | None) -> str | dict[str, str] | None:
    """Bytes for JSON: as text where they are UTF-8, else as `{"base64": ...}`."""
    if value is None:
        return None
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode("ascii")}


def data_as_bytes(value: Any) -> bytes | None:
    """Text as it is, `{"base64": ...}` decoded, other JSON values as JSON text."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, dict) and list(value) == ["base64"]:
        return base64.b64decode(str(value["base64"]), validate=True)
    return json.dumps(value, ensure_ascii=False).encode("utf-8")


def _bad_line(message: str, line: bytes, file: str, number: int, hint: str) -> UserError:
    shown = line.decode("utf-8", "replace")[:200]
    text = "\n" * (number - 1) + shown
    where = TextWhere(file, text, Span(number - 1, len(text)))
    return UserError(message, code="control.bad-rows", where=where, hint=hint)
