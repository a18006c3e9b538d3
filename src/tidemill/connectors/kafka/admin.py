"""Topics of a Kafka cluster: list, describe, create, delete.

Guarantees: every failure is a ConnectorError; `create` and `delete` return once the broker's
metadata shows it. Librdkafka's own messages never reach the terminal.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType  # type: ignore[attr-defined]

from tidemill.connectors.kafka.login import check_login
from tidemill.errors import ConnectorError, Where, did_you_mean
from tidemill.records import dataclass

TIMEOUT_S = 15.0
_TIMED_OUT = KafkaError(KafkaError._TIMED_OUT)
QUIET = logging.getLogger("tidemill.kafka")
_T = TypeVar("_T")


_clients: dict[tuple[tuple[str, str], ...], AdminClient] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class TopicInfo:
    """One topic of a list."""

    name: str
    partitions: int
    replication: int
    internal: bool


@dataclass(frozen=True, slots=True)
class PartitionInfo:
    """One partition: who leads it, and which offsets it holds (`end` is the next one written)."""

    partition: int
    leader: int
    replicas: tuple[int, ...]
    in_sync: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class TopicDetail:
    """One topic with its partitions and the settings that differ from the broker's defaults."""

    name: str
    partitions: tuple[PartitionInfo, ...]
    settings: Mapping[str, str]


@dataclass
class KafkaAdmin:
    """A client of one cluster; `properties` are librdkafka's (`bootstrap.servers` and security)."""

    properties: Mapping[str, str]

    @property
    def name(self) -> str:
        """The cluster's address, for messages."""
        return self.properties.get("bootstrap.servers", "kafka")

    def topics(self) -> list[TopicInfo]:
        """All topics, by name."""
        found = self._call("list the topics", lambda: self.client().list_topics(timeout=TIMEOUT_S))
        return [
            TopicInfo(
                name,
                len(topic.partitions),
                max((len(p.replicas) for p in topic.partitions.values()), default=0),
                name.startswith("__"),
            )
            for name, topic in sorted(found.topics.items())
        ]

    def describe(self, topic: str) -> TopicDetail:
        """A topic's partitions with their offsets, and its own settings."""
        self.require((topic,))
        admin = self.client()
        described = admin.describe_topics(TopicCollection([topic]), request_timeout=TIMEOUT_S)
        resource = ConfigResource(ResourceType.TOPIC, topic)
        configured = admin.describe_configs([resource], request_timeout=TIMEOUT_S)
        description = self.result("describe the topic", described[topic], topic)
        settings = self.result("read the topic's settings", configured[resource], topic)
        consumer = Consumer(self.consumer_properties(read_committed=False))
        try:
            partitions = tuple(
                self._partition(consumer, topic, part) for part in description.partitions
            )
        finally:
            consumer.close()
        own = {
            name: str(entry.value)
            for name, entry in sorted(settings.items())
            if not entry.is_default and not entry.is_sensitive
        }
        return TopicDetail(topic, partitions, own)

    def create(
        self,
        topic: str,
        *,
        partitions: int = 1,
        replication: int = -1,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Create a topic; `replication` -1 is the broker's default."""
        new = NewTopic(topic, partitions, replication, config=dict(settings or {}))
        futures = self.client().create_topics([new], request_timeout=TIMEOUT_S)
        self.result("create the topic", futures[topic], topic)
        self._wait(topic, there=True)

    def create_if_missing(
        self, topic: str, *, partitions: int = 1, settings: Mapping[str, str] | None = None
    ) -> None:
        """Create a topic unless somebody else just has."""
        try:
            self.create(topic, partitions=partitions, settings=settings)
        except ConnectorError as error:
            if "already exists" not in error.message:
                raise

    def delete(self, topics: Sequence[str]) -> None:
        """Delete topics with all their messages; none is deleted unless all exist."""
        self.require(topics)
        futures = self.client().delete_topics(
            list(topics), operation_timeout=TIMEOUT_S, request_timeout=TIMEOUT_S
        )
        for topic, future in futures.items():
            self.result("delete the topic", future, topic)
            self._wait(topic, there=False)

    def _partition(self, consumer: Consumer, topic: str, part: Any) -> PartitionInfo:
        bounds = self._call(
            "ask for offsets",
            lambda: consumer.get_watermark_offsets(
                TopicPartition(topic, part.id), timeout=TIMEOUT_S
            ),
        )
        begin, end = bounds
        return PartitionInfo(
            part.id,
            part.leader.id if part.leader is not None else -1,
            tuple(node.id for node in part.replicas),
            tuple(node.id for node in part.isr),
            begin,
            end,
        )

    def client(self) -> AdminClient:
        """The client library's admin client: one for all that ask the same cluster the same way.

        It is never closed while the process lives: librdkafka aborts the process where a client
        ends before the answers that it waits for, and a request that timed out still waits.
        """
        check_login(self.properties)
        key = tuple(sorted(self.properties.items()))
        with _lock:
            found = _clients.get(key)
            if found is None:
                properties: dict[str, Any] = {**self.properties, "log_level": 0}
                found = _clients[key] = AdminClient(properties, logger=QUIET)
        return found

    def consumer_properties(self, *, read_committed: bool) -> dict[str, Any]:
        """The properties of a consumer that never commits and says where partitions end."""
        return {
            **self.properties,
            "group.id": "tidemill-topic-read",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 20,  # how long the end of a partition takes to be told
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed" if read_committed else "read_uncommitted",
            "log_level": 0,
            "logger": QUIET,
        }

    def require(self, topics: Sequence[str]) -> None:
        """Refuse topics that do not exist."""
        known = [info.name for info in self.topics()]
        for topic in topics:
            if topic not in known:
                raise ConnectorError(
                    f"there is no topic `{topic}` at {self.name}",
                    code="connector.table-missing",
                    where=Where(topic=topic),
                    hint=did_you_mean(topic, known) or f"Create it: tidemill topic create {topic}",
                )

    def _wait(self, topic: str, *, there: bool) -> None:
        """Wait until the broker's metadata shows the topic, or no longer does."""
        limit = time.monotonic() + TIMEOUT_S
        while any(info.name == topic for info in self.topics()) is not there:
            if time.monotonic() > limit:
                return
            time.sleep(0.05)

    def result(self, what: str, future: Any, topic: str) -> Any:
        """What a future of the client gives, or the error for it."""
        try:
            return future.result(TIMEOUT_S)
        except KafkaException as error:
            raise self.failed(f"{what} {topic}".strip(), error.args[0], topic) from None
        except TimeoutError:
            raise self.failed(f"{what} {topic}".strip(), _TIMED_OUT, topic) from None

    def _call(self, what: str, call: Callable[[], _T]) -> _T:
        try:
            return call()
        except KafkaException as error:
            raise self.failed(what, error.args[0], None) from None

    def failed(self, what: str, error: Any, topic: str | None) -> ConnectorError:
        """The error for a client's error while doing `what`."""
        unreachable = error.code() in (
            KafkaError._TRANSPORT,
            KafkaError._ALL_BROKERS_DOWN,
            KafkaError._TIMED_OUT,
            KafkaError._RESOLVE,
        )
        if unreachable:
            return ConnectorError(
                f"no Kafka broker answers at {self.name}",
                code="connector.unreachable",
                where=Where(topic=topic) if topic else None,
                hint="Start it with `tidemill up kafka`, or check the address.",
                retryable=True,
            )
        return ConnectorError(
            f"Kafka refused to {what}: {error.str()}",
            code="connector.store-error",
            where=Where(topic=topic) if topic else None,
            hint=_HINTS.get(error.code()),
        )


_HINTS = {
    KafkaError.TOPIC_ALREADY_EXISTS: "Use another name, or delete it: tidemill topic delete TOPIC",
    KafkaError.INVALID_REPLICATION_FACTOR: "A single broker can hold one replica only.",
    KafkaError.TOPIC_EXCEPTION: "Topic names take letters, digits, `.`, `_` and `-`.",
    KafkaError.INVALID_PARTITIONS: "Give one partition or more.",
    KafkaError.MSG_SIZE_TOO_LARGE: "The topic's setting max.message.bytes limits the size.",
    KafkaError.INVALID_CONFIG: "Kafka's documentation lists the topic settings.",
}
