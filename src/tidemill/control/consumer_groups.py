"""Consumer groups by hand: who lags where, and moving a group to another place.

A reset says first what it would do (`plan_reset`), and does exactly that. It is refused while the
group has members, as Kafka would, and always for a group in which a pipeline's sink keeps its
epoch.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from tidemill.connectors.kafka.groups import (
    GroupDetail,
    Part,
    committed_offsets,
    describe_groups,
    group_names,
    require_group,
    set_offsets,
)
from tidemill.connectors.kafka.topic_facts import begin_offsets, end_offsets, offsets_at
from tidemill.control.topics import Cluster
from tidemill.errors import UserError
from tidemill.records import dataclass

__all__ = [
    "GroupDetail", "Move", "Part", "To", "describe_group", "group_as_dict", "groups_now",
    "is_pipelines", "lag_by_topic", "list_groups", "plan_reset", "reset",
]  # fmt: skip
To = Literal["earliest", "latest", "time", "offset", "shift"]


@dataclass(frozen=True, slots=True)
class Move:
    """Where one partition of a group would go on."""

    topic: str
    partition: int
    before: int | None
    after: int

    def as_dict(self) -> dict[str, Any]:
        """For the API; `change` is how many messages are read again (negative) or left out."""
        change = None if self.before is None else self.after - self.before
        return {
            "topic": self.topic,
            "partition": self.partition,
            "before": self.before,
            "after": self.after,
            "change": change,
        }


def list_groups(cluster: Cluster) -> list[GroupDetail]:
    """All groups with their lag, by name."""
    admin = cluster.admin()
    found = describe_groups(admin, sorted(group_names(admin)))
    return sorted(found, key=lambda group: group.name)


def groups_now(cluster: Cluster, names: Iterable[str]) -> list[GroupDetail]:
    """These groups, by name; those that are not there are empty."""
    return describe_groups(cluster.admin(), sorted(names))


def lag_by_topic(group: GroupDetail) -> dict[str, int]:
    """Records that wait for a group, by topic."""
    found: dict[str, int] = {}
    for part in group.committed:
        found[part[0]] = found.get(part[0], 0) + (group.lag(part) or 0)
    return found


def describe_group(cluster: Cluster, name: str) -> GroupDetail:
    """One group."""
    admin = cluster.admin()
    require_group(admin, name)
    return describe_groups(admin, [name])[0]


def group_as_dict(group: GroupDetail, *, full: bool = False) -> dict[str, Any]:
    """For the API."""
    short = {
        "name": group.name,
        "state": group.state,
        "members": len(group.members),
        "topics": sorted({topic for topic, _ in group.committed}),
        "lag": group.lag_in_all,
    }
    if not full:
        return short
    owners = {part: member for member in group.members for part in member.partitions}
    return {
        **short,
        "assignor": group.assignor,
        "coordinator": group.coordinator,
        "consumers": [
            {
                "id": member.id,
                "client": member.client,
                "host": member.host,
                "partitions": [f"{topic}-{number}" for topic, number in member.partitions],
            }
            for member in group.members
        ],
        "partitions": [
            {
                "topic": part[0],
                "partition": part[1],
                "committed": at,
                "end": group.ends.get(part),
                "lag": group.lag(part),
                "client": owners[part].client if part in owners else None,
            }
            for part, at in sorted(group.committed.items())
        ],
    }


def plan_reset(
    cluster: Cluster, group: str, *, topic: str, to: To, value: int | None = None
) -> list[Move]:
    """Where each partition would go on; nothing is changed.

    Args:
        cluster: which Kafka.
        group: the group.
        topic: the topic whose offsets move.
        to: earliest, latest, time (epoch milliseconds), offset, or shift (by so many messages).
        value: of the last three.
    """
    if to in ("time", "offset", "shift") and value is None:
        raise UserError(f"a reset to `{to}` needs a value", code="console.bad-request")
    admin = cluster.admin()
    require_group(admin, group)
    admin.require((topic,))
    count = next(info.partitions for info in admin.topics() if info.name == topic)
    begins, ends = begin_offsets(admin, {topic: count}), end_offsets(admin, {topic: count})
    before = committed_offsets(admin, group)
    times = offsets_at(admin, {topic: count}, value or 0) if to == "time" else {}
    moves = []
    for part in sorted(ends):
        begin, end = begins.get(part, 0), ends[part]
        at = _goal(to, value or 0, begin, end, before.get(part, begin), times.get(part, end))
        moves.append(Move(part[0], part[1], before.get(part), min(max(at, begin), end)))
    return moves


def reset(cluster: Cluster, group: str, moves: Iterable[Move]) -> None:
    """Do what was planned; raises UserError while the group has members."""
    admin = cluster.admin()
    state = require_group(admin, group)
    if is_pipelines(group):
        raise UserError(
            f"the group {group} belongs to a pipeline",
            code="console.group-in-use",
            detail="Its offset holds the epoch that the pipeline's sink has committed.",
            hint="A pipeline goes on from its own checkpoint; its group cannot move it.",
        )
    if state not in ("Empty", "Dead"):
        raise UserError(
            f"the group {group} has members ({state})",
            code="console.group-in-use",
            hint="Stop its consumers first: while they run, they would commit over the reset.",
        )
    offsets: dict[Part, int] = {(move.topic, move.partition): move.after for move in moves}
    set_offsets(admin, group, offsets)


def is_pipelines(group: str) -> bool:
    """Whether a group is that of a pipeline's transactional sink, which holds its epoch."""
    return group.startswith("tidemill.")


def _goal(to: To, value: int, begin: int, end: int, before: int, at_time: int) -> int:
    return {
        "earliest": begin,
        "latest": end,
        "time": at_time,
        "offset": value,
        "shift": before + value,
    }[to]
