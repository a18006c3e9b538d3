"""How a sink's table is declared to be read back: to its end, in any store that has one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tidemill.control.lake_options import without_streaming
from tidemill.errors import UserError, Where
from tidemill.interfaces.connector import JobContext
from tidemill.model import Position, TableDescriptor

KAFKA = ("kafka", "upsert-kafka")


def bounded_options(sink: TableDescriptor) -> TableDescriptor:
    """The table, read from its begin to where it ends when it is opened."""
    options = dict(without_streaming(sink.options))
    options.pop("source.monitor-interval", None)
    if options["connector"] not in KAFKA:
        return replace(sink, options=options)
    dropped = ("sink.", "properties.isolation.level")
    options = {k: v for k, v in options.items() if not k.startswith(dropped)}
    options["scan.bounded.mode"] = "latest-offset"
    if options["connector"] == "kafka":
        options["scan.startup.mode"] = "earliest-offset"
    return replace(sink, options=options)


def topic_ends(
    table: TableDescriptor, context: JobContext, *, upsert: bool
) -> tuple[TableDescriptor, dict[str, int]]:
    """The table of one topic, read to what its end is now, whatever is not yet committed there.

    Beside it the offset behind the last one that is read, by partition.

    A broker says that a transaction is committed before its readers may pass its end: up to where
    they may pass now, the last rows could be missing.

    Raises:
        UserError: `reconcile.not-live` for a topic of changes (without `upsert`) that has not kept
            all of them, so that rows cannot be counted.
    """
    from tidemill.connectors.kafka.admin import KafkaAdmin  # noqa: PLC0415 - client library
    from tidemill.connectors.kafka.connector import parse_any  # noqa: PLC0415
    from tidemill.connectors.kafka.properties import SINK_ONLY, SOURCE_ONLY  # noqa: PLC0415
    from tidemill.connectors.kafka.topic_facts import begin_offsets, end_offsets  # noqa: PLC0415

    parsed = parse_any(table, context)
    left = SINK_ONLY | SOURCE_ONLY
    admin = KafkaAdmin({k: v for k, v in parsed.properties.items() if k not in left})
    (topic,) = parsed.topics
    detail = admin.describe(topic)
    counts = {topic: len(detail.partitions)}
    compacted = "compact" in detail.settings.get("cleanup.policy", "")
    if not upsert and (compacted or any(begin_offsets(admin, counts).values())):
        raise UserError(
            f"the topic `{topic}` of `{table.name}` has not kept all changes, so that its rows "
            "cannot be counted",
            code="reconcile.not-live",
            where=Where(table=table.name, topic=topic),
            detail="It is compacted." if compacted else "Its first messages have been deleted.",
            hint="Let such a topic keep everything ('retention.ms' = '-1', no compaction), or copy "
            "into one of upsert-kafka.",
        )
    ends = end_offsets(admin, counts)
    listed = ";".join(f"partition:{part},offset:{end}" for (_, part), end in sorted(ends.items()))
    given = {"scan.bounded.mode": "specific-offsets", "scan.bounded.specific-offsets": listed}
    bounded = replace(table, options={**table.options, **given})
    return bounded, {str(part): end for (_, part), end in ends.items()}


def within_ends(positions: Mapping[str, Position], ends: Mapping[str, int]) -> dict[str, Position]:
    """Where to go on from behind a read to these ends.

    A reader may have moved its position over what stood behind the end, which it did not give.
    """
    found: dict[str, Position] = {}
    for part, position in positions.items():
        end = ends[part]
        if isinstance(position, dict):
            at = position.get("offset")
            found[part] = {**position, "offset": min(at, end) if isinstance(at, int) else at}
        else:
            found[part] = min(position, end) if isinstance(position, int) else position
    return found
