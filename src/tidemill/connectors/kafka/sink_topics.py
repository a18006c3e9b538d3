"""The topics of a sink: missing ones are made, and each says how large a message may be."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType  # type: ignore[attr-defined]

from tidemill.connectors.kafka.admin import KafkaAdmin
from tidemill.connectors.kafka.client import REQUEST_TIMEOUT_S, create
from tidemill.connectors.kafka.options import KafkaTable
from tidemill.errors import ConnectorError, Where

_BYTES_MAX_DEFAULT = 1_048_588
"""Kafka's, for topics that do not say: describing them may be denied."""


class SinkTopics:
    """The topics of a commit group's tables.

    Args:
        tables: those of the group.
        config: of an admin client.
    """

    def __init__(self, tables: Sequence[KafkaTable], config: Mapping[str, Any]) -> None:
        self._tables = tables
        self._config = dict(config)
        self._bytes_max: dict[str, int] = {}
        self.known: Sequence[str] = ()
        """All topics of the cluster when the sink was opened, with those made for it."""

    @property
    def written(self) -> Collection[str]:
        """The topics that rows may have gone to."""
        return self._bytes_max.keys()

    def prepare(self) -> str:
        """Make missing topics, with the broker's default number of partitions.

        Returns the topic that the epoch is kept with. Raises ConnectorError where there is none.
        """
        admin = KafkaAdmin(self._config)
        topics = sorted({topic for table in self._tables for topic in table.topics})
        known = {info.name for info in admin.topics()}
        self.known = sorted(known.union(topics))
        for topic in topics:
            if topic not in known:
                admin.create_if_missing(topic, partitions=-1)
        for topic in topics:
            self._bytes_max[topic] = self._described(topic)
        return topics[0] if topics else _any_topic(self._tables, known)

    def bytes_max(self, topic: str) -> int:
        """How large a message the topic takes; bytes."""
        limit = self._bytes_max.get(topic)
        if limit is None:
            limit = self._bytes_max.setdefault(topic, self._described(topic))
        return limit

    def bytes_max_range(self) -> tuple[int, int]:
        """The smallest and the largest of these limits; bytes."""
        limits = self._bytes_max.values() or (_BYTES_MAX_DEFAULT,)
        return min(limits), max(limits)

    def _described(self, topic: str) -> int:
        admin = create(AdminClient, self._config)
        resource = ConfigResource(ResourceType.TOPIC, topic)
        call: Callable[[], Any] = admin.describe_configs(
            [resource], request_timeout=REQUEST_TIMEOUT_S
        )[resource].result
        try:
            return int(call()["max.message.bytes"].value)
        except (KafkaException, KeyError, TypeError, ValueError):
            return _BYTES_MAX_DEFAULT


def _any_topic(tables: Sequence[KafkaTable], known: Collection[str]) -> str:
    """A topic of tables that only have a pattern."""
    for table in tables:
        for name in sorted(known):
            if table.pattern is not None and table.pattern.fullmatch(name):
                return name
    raise ConnectorError(
        "no topic matches the `topic-pattern` of the sink",
        code="connector.table-missing",
        where=Where(table=tables[0].name),
        hint="Create a topic that matches it.",
    )
