"""Consumer groups: who reads what, how far, and where they go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition

from tidemill.connectors.kafka.admin import TIMEOUT_S, KafkaAdmin
from tidemill.connectors.kafka.topic_facts import end_offsets
from tidemill.errors import ConnectorError, did_you_mean
from tidemill.records import dataclass

Part = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Member:
    """A consumer of a group and the partitions that it was given."""

    id: str
    client: str
    host: str
    partitions: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class GroupDetail:
    """A group; `committed` and `ends` by topic and partition, in offsets."""

    name: str
    state: str
    assignor: str
    coordinator: str
    members: tuple[Member, ...]
    committed: Mapping[Part, int]
    ends: Mapping[Part, int]

    def lag(self, part: Part) -> int | None:
        """Messages that wait in a partition."""
        end = self.ends.get(part)
        return None if end is None else max(0, end - self.committed[part])

    @property
    def lag_in_all(self) -> int:
        """Messages that wait."""
        return sum(self.lag(part) or 0 for part in self.committed)


def group_names(admin: KafkaAdmin) -> dict[str, str]:
    """Every group with its state (Stable, Empty, ...)."""
    future = admin.client().list_consumer_groups(request_timeout=TIMEOUT_S)
    found = admin.result("list the consumer groups", future, "")
    return {group.group_id: group.state.name.title() for group in found.valid}


def describe_groups(admin: KafkaAdmin, names: list[str]) -> list[GroupDetail]:
    """Groups with members, committed offsets and ends; those that vanish meanwhile are left out."""
    if not names:
        return []
    described = admin.client().describe_consumer_groups(names, request_timeout=TIMEOUT_S)
    # The protocol takes one group a request; all are on their way before the first is waited for.
    asked = {name: _offsets_of(admin, name) for name in names}
    committed = {name: _committed(admin, name, future) for name, future in asked.items()}
    topics: dict[str, int] = {}
    for parts in committed.values():
        for topic, number in parts:
            topics[topic] = max(topics.get(topic, 0), number + 1)
    ends = end_offsets(admin, topics)
    found = []
    for name, future in described.items():
        try:
            group = future.result(TIMEOUT_S)
        except KafkaException:
            continue
        parts = committed[name]
        found.append(
            GroupDetail(
                name,
                group.state.name.title(),
                group.partition_assignor or "",
                "" if group.coordinator is None else f"node {group.coordinator.id}",
                tuple(_member(member) for member in group.members),
                parts,
                {part: ends[part] for part in parts if part in ends},
            )
        )
    return found


def committed_offsets(admin: KafkaAdmin, group: str) -> dict[Part, int]:
    """The committed offset of each partition that has one."""
    return _committed(admin, group, _offsets_of(admin, group))


def _offsets_of(admin: KafkaAdmin, group: str) -> Any:
    asked = [ConsumerGroupTopicPartitions(group)]
    return admin.client().list_consumer_group_offsets(asked, request_timeout=TIMEOUT_S)[group]


def _committed(admin: KafkaAdmin, group: str, future: Any) -> dict[Part, int]:
    found = admin.result(f"read the offsets of {group}", future, "")
    return {
        (part.topic, part.partition): part.offset
        for part in found.topic_partitions
        if part.offset >= 0
    }


def set_offsets(admin: KafkaAdmin, group: str, offsets: Mapping[Part, int]) -> None:
    """Commit these offsets for a group that has no members."""
    parts = [TopicPartition(topic, number, at) for (topic, number), at in offsets.items()]
    asked = [ConsumerGroupTopicPartitions(group, parts)]
    futures = admin.client().alter_consumer_group_offsets(asked, request_timeout=TIMEOUT_S)
    admin.result(f"reset the offsets of {group}", futures[group], "")


def require_group(admin: KafkaAdmin, group: str) -> str:
    """The state of a group that exists; raises ConnectorError with near names."""
    known = group_names(admin)
    if group not in known:
        raise ConnectorError(
            f"there is no consumer group `{group}` at {admin.name}",
            code="connector.table-missing",
            hint=did_you_mean(group, list(known)) or "Look at the groups that there are.",
        )
    return known[group]


def _member(member: Any) -> Member:
    given = [] if member.assignment is None else member.assignment.topic_partitions
    parts = tuple(sorted((part.topic, part.partition) for part in given))
    return Member(member.member_id, member.client_id, member.host, parts)
