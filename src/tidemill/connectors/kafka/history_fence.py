"""Where the topic goes on behind a history, per partition, and that nothing lies in between."""

from __future__ import annotations

from collections.abc import Mapping

from confluent_kafka import Consumer

from tidemill.connectors.kafka import startup
from tidemill.connectors.kafka.client import consumer_config, create
from tidemill.connectors.kafka.history_options import HistoryOptions
from tidemill.connectors.kafka.options import KafkaTable
from tidemill.connectors.kafka.startup import Partition
from tidemill.errors import ConnectorError, Where
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Fence:
    """By partition: the first offset that comes from the topic, and the first that it holds.

    Without `offsets` each change tells on which side it lies.
    """

    offsets: Mapping[str, int] | None
    earliest: Mapping[str, int]


def find_fence(table: KafkaTable, options: HistoryOptions, reached: Mapping[int, int]) -> Fence:
    """The fence as it is now; it stays so from the first row of the history on.

    Args:
        table: the table of the topic alone.
        options: its history.
        reached: by partition, the offset behind the newest row of the history, where rows tell.

    Raises:
        ConnectorError: `connector.history-gap` where the topic lacks what follows the history.
    """
    consumer = create(Consumer, consumer_config(table.properties, "tidemill.history"))
    try:
        found = startup.discover(table, consumer)
        bounds = {at: startup.bounds(table, consumer, at) for at in found}
        _check_partitions(table, options, reached, found)
        wanted = _wanted(table, options, consumer, bounds)
    finally:
        consumer.close()
    earliest = {str(at[1]): first for at, (first, _) in bounds.items()}
    if wanted is None:
        return Fence(None, earliest)
    if options.places is not None:
        # What the history has no row of comes from the topic, so that nothing lies in between.
        behind = {at: reached.get(at[1], 0) for at in found}
        wanted = {at: min(wanted.get(at, behind[at]), behind[at]) for at in found}
    for at, offset in wanted.items():
        _check(table, at, offset, bounds[at])
    return Fence({str(at[1]): offset for at, offset in wanted.items()}, earliest)


def check_fence(table: KafkaTable, fence: Mapping[str, int]) -> dict[str, int]:
    """Look again, once the history has been read: what the topic holds from, by partition."""
    consumer = create(Consumer, consumer_config(table.properties, "tidemill.history"))
    try:
        found = startup.discover(table, consumer)
        bounds = {at: startup.bounds(table, consumer, at) for at in found}
    finally:
        consumer.close()
    for at in found:
        _check(table, at, fence.get(str(at[1]), 0), bounds[at])
    return {str(at[1]): first for at, (first, _) in bounds.items()}


def _wanted(
    table: KafkaTable,
    options: HistoryOptions,
    consumer: Consumer,
    bounds: Mapping[Partition, tuple[int, int]],
) -> dict[Partition, int] | None:
    if options.fence == "lsn":
        return None
    if options.fence == "offset-columns":
        return {}
    if options.offsets is not None:
        return {at: options.offsets.get(at[1], 0) for at in bounds}
    assert options.timestamp_ms is not None
    found = startup.offsets_at(table, consumer, [*bounds], options.timestamp_ms)
    for at, offset in found.items():
        first, end = bounds[at]
        if offset == first > 0 and options.places is None:
            raise _gap(
                table, at, offset,
                f"The topic holds the offsets {first} to {end}, and the time of the fence lies "
                "before all of them: messages of that time may have been removed.",
            )  # fmt: skip
    return found


def _check_partitions(
    table: KafkaTable,
    options: HistoryOptions,
    reached: Mapping[int, int],
    found: list[Partition],
) -> None:
    numbers = {number for _, number in found}
    for number in sorted({*reached, *(options.offsets or {})} - numbers):
        raise ConnectorError(
            f"the history `{options.table.name}` names partition {number}, which the topic "
            f"`{found[0][0]}` does not have",
            code="connector.history-fence",
            where=Where(table=table.name, topic=found[0][0], partition=number),
            hint="Is it the history of another topic?",
        )


def _check(table: KafkaTable, at: Partition, offset: int, bounds: tuple[int, int]) -> None:
    first, end = bounds
    if offset < first:
        raise _gap(
            table, at, offset,
            f"The topic holds the offsets {first} to {end}: {first - offset} from {offset} on are "
            "neither in the history nor in the topic.",
        )  # fmt: skip
    if offset > end:
        raise startup.out_of_range(
            table, at, offset, f"The history goes beyond the topic, which ends at {end}."
        )


def _gap(table: KafkaTable, at: Partition, offset: int, detail: str) -> ConnectorError:
    return ConnectorError(
        f"there is a gap between the history of `{table.name}` and the topic `{at[0]}`",
        code="connector.history-gap",
        where=Where(table=table.name, topic=at[0], partition=at[1], offset=offset),
        detail=detail,
        hint="Take a history that reaches further, or keep messages longer (retention.ms).",
    )
