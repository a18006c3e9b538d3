"""Facts of many topics at once, and changes of one: settings, partitions, emptying.

Each question is one request for all topics, so a thousand of them take no longer than one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    OffsetSpec,
    ResourceType,
)

from tidemill.connectors.kafka.admin import TIMEOUT_S, KafkaAdmin
from tidemill.records import dataclass

_SHOWN = ("retention.ms", "retention.bytes", "cleanup.policy")


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """One topic of a list; `messages` is end less begin, which compaction and transactions thin.

    `ends` are the ends of its partitions, summed up: it grows with each message.
    """

    name: str
    partitions: int
    replication: int
    internal: bool
    messages: int
    settings: Mapping[str, str]
    ends: int = 0


def topic_facts(admin: KafkaAdmin, *, internal: bool = False) -> list[TopicFacts]:
    """All topics with their sizes in messages, and the settings that decide what is kept."""
    topics = [topic for topic in admin.topics() if internal or not topic.internal]
    if not topics:
        return []
    counts = {t.name: t.partitions for t in topics}
    begins, ends = begin_offsets(admin, counts), end_offsets(admin, counts)
    settings = settings_of(admin, [topic.name for topic in topics])
    return [
        TopicFacts(
            topic.name,
            topic.partitions,
            topic.replication,
            topic.internal,
            sum(ends.get(p, 0) - begins.get(p, 0) for p in _parts(topic.name, topic.partitions)),
            settings.get(topic.name, {}),
            sum(ends.get(p, 0) for p in _parts(topic.name, topic.partitions)),
        )
        for topic in topics
    ]


def end_offsets(
    admin: KafkaAdmin, partitions: Mapping[str, int], *, read_committed: bool = False
) -> dict[tuple[str, int], int]:
    """The next offset of every partition of these topics, by topic and number of partitions.

    With `read_committed` no further than the first transaction that is still open.
    """
    latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
    return _offsets(admin, partitions, latest, read_committed=read_committed)


def begin_offsets(admin: KafkaAdmin, partitions: Mapping[str, int]) -> dict[tuple[str, int], int]:
    """The first offset of every partition of these topics."""
    return _offsets(admin, partitions, OffsetSpec.earliest())  # type: ignore[no-untyped-call]


def offsets_at(
    admin: KafkaAdmin, partitions: Mapping[str, int], timestamp_ms: int
) -> dict[tuple[str, int], int]:
    """The first offset at or after a time, in every partition that has one."""
    found = _offsets(admin, partitions, OffsetSpec.for_timestamp(timestamp_ms))
    return {part: offset for part, offset in found.items() if offset >= 0}


def alter_settings(admin: KafkaAdmin, topic: str, settings: Mapping[str, str | None]) -> None:
    """Set settings of a topic; None takes the broker's default again."""
    admin.require((topic,))
    entries = [
        ConfigEntry(
            name,
            value if value is not None else "",
            incremental_operation=(
                AlterConfigOpType.SET if value is not None else AlterConfigOpType.DELETE
            ),
        )
        for name, value in settings.items()
    ]
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
    futures = admin.client().incremental_alter_configs([resource], request_timeout=TIMEOUT_S)
    admin.result("alter the topic", futures[resource], topic)


def add_partitions(admin: KafkaAdmin, topic: str, partitions: int) -> None:
    """Raise the number of partitions to this; keys then go to other partitions than before."""
    admin.require((topic,))
    futures = admin.client().create_partitions(
        [NewPartitions(topic, partitions)], request_timeout=TIMEOUT_S
    )
    admin.result("add partitions to the topic", futures[topic], topic)


def empty_topic(admin: KafkaAdmin, topic: str) -> int:
    """Delete all messages that are there now; returns how many offsets were given up."""
    admin.require((topic,))
    count = next(info.partitions for info in admin.topics() if info.name == topic)
    before, ends = begin_offsets(admin, {topic: count}), end_offsets(admin, {topic: count})
    wanted = [TopicPartition(topic, part, end) for (_, part), end in ends.items()]
    _delete_records(admin, topic, wanted)
    return sum(end - before.get(part, 0) for part, end in ends.items())


def delete_before(admin: KafkaAdmin, topic: str, offsets: Mapping[int, int]) -> None:
    """Delete the messages before these offsets, by partition, as retention does."""
    admin.require((topic,))
    _delete_records(admin, topic, [TopicPartition(topic, *item) for item in offsets.items()])


def _delete_records(admin: KafkaAdmin, topic: str, wanted: list[TopicPartition]) -> None:
    futures = admin.client().delete_records(wanted, request_timeout=TIMEOUT_S)
    for future in futures.values():
        admin.result("empty the topic", future, topic)


def _parts(topic: str, partitions: int) -> list[tuple[str, int]]:
    return [(topic, number) for number in range(partitions)]


def _offsets(
    admin: KafkaAdmin,
    partitions: Mapping[str, int],
    spec: OffsetSpec,
    *,
    read_committed: bool = False,
) -> dict[tuple[str, int], int]:
    asked = {
        TopicPartition(topic, number): spec
        for topic, count in partitions.items()
        for number in range(count)
    }
    if not asked:
        return {}
    level = IsolationLevel.READ_COMMITTED if read_committed else IsolationLevel.READ_UNCOMMITTED
    futures = admin.client().list_offsets(asked, isolation_level=level, request_timeout=TIMEOUT_S)
    found = {}
    for part, future in futures.items():
        try:
            found[(part.topic, part.partition)] = int(future.result(TIMEOUT_S).offset)
        except KafkaException:
            continue  # a topic that has just been deleted, or a partition without a leader
    return found


def settings_of(admin: KafkaAdmin, topics: Sequence[str]) -> dict[str, dict[str, str]]:
    """The settings of topics that decide what is kept; topics that nobody may ask about lack."""
    resources = [ConfigResource(ResourceType.TOPIC, topic) for topic in topics]
    futures = admin.client().describe_configs(resources, request_timeout=TIMEOUT_S)
    found: dict[str, dict[str, str]] = {}
    for resource, future in futures.items():
        try:
            entries = future.result(TIMEOUT_S)
        except KafkaException:
            continue
        found[str(resource.name)] = {
            name: str(entries[name].value) for name in _SHOWN if name in entries
        }
    return found
