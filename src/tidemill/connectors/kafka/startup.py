"""Where reading starts and ends: Flink's startup and bounded modes as offsets."""

from __future__ import annotations

from collections.abc import Sequence

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from tidemill.connectors.kafka.client import REQUEST_TIMEOUT_S, guarded
from tidemill.connectors.kafka.options import KafkaTable, parse_offsets, wrong
from tidemill.errors import ConnectorError, Where, did_you_mean

Partition = tuple[str, int]


def discover(table: KafkaTable, consumer: Consumer) -> list[Partition]:
    """The partitions of the table's topics; a named topic that does not exist is an error."""
    metadata = guarded(
        "list the topics",
        table.bootstrap,
        lambda: consumer.list_topics(timeout=REQUEST_TIMEOUT_S),
    )
    known = metadata.topics
    if table.pattern is not None:
        pattern = table.pattern
        names = [n for n in known if pattern.fullmatch(n) and not n.startswith("__")]
    else:
        names = list(table.topics)
    for name in names:
        if name not in known or not known[name].partitions:
            raise ConnectorError(
                f"there is no topic `{name}` at {table.bootstrap}",
                code="connector.table-missing",
                where=Where(table=table.name, topic=name),
                hint=did_you_mean(name, known)
                or f"Create it (`tidemill topic create {name}`), or start what writes it first.",
            )
    return [(name, number) for name in sorted(names) for number in sorted(known[name].partitions)]


def bounds(table: KafkaTable, consumer: Consumer, partition: Partition) -> tuple[int, int]:
    """The first offset that the broker still has, and the one after the last."""
    topic, number = partition
    found = guarded(
        "ask for offsets",
        table.bootstrap,
        lambda: consumer.get_watermark_offsets(
            TopicPartition(topic, number), timeout=REQUEST_TIMEOUT_S
        ),
        Where(table=table.name, topic=topic, partition=number),
    )
    return int(found[0]), int(found[1])


def check_position(table: KafkaTable, consumer: Consumer, at: Partition, offset: int) -> None:
    """Refuse a stored offset that the broker does not have."""
    first, end = bounds(table, consumer, at)
    if not first <= offset <= end:
        raise out_of_range(table, at, offset, f"It now holds the offsets {first} to {end}.")


def out_of_range(
    table: KafkaTable, at: Partition, offset: int | None, detail: str
) -> ConnectorError:
    """The error for a position that the topic does not have (any more)."""
    return ConnectorError(
        f"topic `{at[0]}` does not have the position to go on from",
        code="connector.offset-out-of-range",
        where=Where(table=table.name, topic=at[0], partition=at[1], offset=offset),
        detail=f"{detail} Rows in between are lost, or the topic was made anew.",
        hint="Restore the topic, or start the job afresh with its state removed.",
    )


def start_offsets(
    table: KafkaTable, consumer: Consumer, partitions: Sequence[Partition]
) -> dict[Partition, int]:
    """The startup mode's offset of each partition.

    The begin is asked for as a number, as librdkafka takes half a second to find it out itself.
    """
    mode = "earliest-offset" if table.upsert else table.values["scan.startup.mode"]
    if mode == "earliest-offset":
        return {at: bounds(table, consumer, at)[0] for at in partitions}
    if mode == "latest-offset":
        return {at: bounds(table, consumer, at)[1] for at in partitions}
    if mode == "timestamp":
        time_ms = _timestamp(table, "scan.startup.timestamp-millis")
        return offsets_at(table, consumer, partitions, time_ms)
    if mode == "specific-offsets":
        key = "scan.startup.specific-offsets"
        given = _specific(table, key)
        return {at: given.get(at[1], OFFSET_BEGINNING) for at in partitions}
    return _group_offsets(table, consumer, partitions)


def end_offsets(
    table: KafkaTable, consumer: Consumer, partitions: Sequence[Partition]
) -> dict[Partition, int] | None:
    """The offset before which each partition ends; None for an unbounded table."""
    mode = table.values["scan.bounded.mode"]
    if mode == "unbounded":
        return None
    if mode == "latest-offset":
        return {at: bounds(table, consumer, at)[1] for at in partitions}
    if mode == "timestamp":
        time_ms = _timestamp(table, "scan.bounded.timestamp-millis")
        return offsets_at(table, consumer, partitions, time_ms)
    if mode == "specific-offsets":
        given = _specific(table, "scan.bounded.specific-offsets")
        return {at: given.get(at[1], 0) for at in partitions}
    return _committed(table, consumer, partitions, required=True)


def _specific(table: KafkaTable, key: str) -> dict[int, int]:
    if table.several_topics:
        raise wrong(table.descriptor, f"`{key}` needs a single topic", "Name one topic.")
    return parse_offsets(table.descriptor, key, table.values[key])


def _timestamp(table: KafkaTable, key: str) -> int:
    if table.values[key] is None:
        raise wrong(table.descriptor, f"`{key}` is missing", f"Set '{key}' = '1700000000000'.")
    return int(table.values[key])


def offsets_at(
    table: KafkaTable, consumer: Consumer, partitions: Sequence[Partition], time_ms: int
) -> dict[Partition, int]:
    """The first offset of each partition whose message is of a time or later; its end for none."""
    asked = [TopicPartition(topic, number, time_ms) for topic, number in partitions]
    found = guarded(
        "ask for offsets by time",
        table.bootstrap,
        lambda: consumer.offsets_for_times(asked, timeout=REQUEST_TIMEOUT_S),
    )
    return {
        (item.topic, item.partition): item.offset
        if item.offset >= 0
        else bounds(table, consumer, (item.topic, item.partition))[1]
        for item in found
    }


def _group_offsets(
    table: KafkaTable, consumer: Consumer, partitions: Sequence[Partition]
) -> dict[Partition, int]:
    reset = table.properties.get("auto.offset.reset", "none")
    found = _committed(table, consumer, partitions, required=reset == "none")
    for at in partitions:
        if at not in found:
            early = reset in ("earliest", "smallest", "beginning")
            found[at] = OFFSET_BEGINNING if early else bounds(table, consumer, at)[1]
    return found


def _committed(
    table: KafkaTable, consumer: Consumer, partitions: Sequence[Partition], required: bool
) -> dict[Partition, int]:
    group = table.properties.get("group.id")
    if group is None:
        raise wrong(
            table.descriptor,
            "group offsets need `properties.group.id`",
            "Set it, or choose where to start: 'scan.startup.mode' = 'earliest-offset'.",
        )
    found = guarded(
        "read the group's offsets",
        table.bootstrap,
        lambda: consumer.committed(
            [TopicPartition(topic, number) for topic, number in partitions],
            timeout=REQUEST_TIMEOUT_S,
        ),
    )
    offsets = {(i.topic, i.partition): int(i.offset) for i in found if i.offset >= 0}
    missing = [at for at in partitions if at not in offsets]
    if missing and required:
        raise ConnectorError(
            f"group `{group}` has no offset to start from",
            code="connector.no-committed-offset",
            where=Where(table=table.name, topic=missing[0][0], partition=missing[0][1]),
            hint="Set 'properties.auto.offset.reset' = 'earliest', or 'scan.startup.mode' = "
            "'earliest-offset'.",
        )
    return offsets
