"""The tables that every pipeline has without declaring them: dead letters, and late rows.

They go where the pipeline's Kafka tables are, as topics `<pipeline>.dead-letter` and
`<pipeline>.<table>.late` (in the same transaction as the Kafka sinks, where there are any); a
pipeline without Kafka keeps them as JSON lines in its state folder. Both are in JSON; bytes are
in base64, as Flink's json format writes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tidemill.model import Column, Schema, TableDescriptor
from tidemill.model.types import BIGINT, BYTES, STRING

DEAD_LETTER_TABLE = "$dead-letter"
_KAFKA = ("kafka", "upsert-kafka")
_SINK_KEYS = ("sink.delivery-guarantee", "sink.transactional-id-prefix")
_COLUMNS = Schema(
    (
        Column("pipeline", STRING.with_nullable(False)),
        Column("table", STRING.with_nullable(False)),
        Column("stage", STRING.with_nullable(False)),
        Column("code", STRING.with_nullable(False)),
        Column("message", STRING.with_nullable(False)),
        Column("topic", STRING),
        Column("partition", STRING),
        Column("position", STRING),
        Column("timestamp_ms", BIGINT),
        Column("key", BYTES),
        Column("value", BYTES),
    )
)


def dead_letter_table(
    pipeline: str,
    folder: Path,
    sinks: Sequence[TableDescriptor],
    sources: Sequence[TableDescriptor],
) -> TableDescriptor:
    """The dead-letter table of a pipeline (`model.DEAD_LETTER_SCHEMA`)."""
    return _side_table(
        DEAD_LETTER_TABLE,
        f"{pipeline}.dead-letter",
        folder / "dead-letter",
        _COLUMNS,
        sinks,
        sources,
    )


def late_table(
    pipeline: str,
    folder: Path,
    source: TableDescriptor,
    sinks: Sequence[TableDescriptor],
    sources: Sequence[TableDescriptor],
) -> TableDescriptor:
    """The table `<name>$late` of a source: its rows that came too late, with all their columns."""
    columns = Schema(
        tuple(Column(c.name, c.type.with_nullable(True)) for c in source.schema.columns)
    )
    return _side_table(
        f"{source.name}$late",
        f"{pipeline}.{source.name.rsplit('.', 1)[-1]}.late",
        folder / "late" / source.name,
        columns,
        sinks,
        [source, *sources],
    )


def _side_table(
    name: str,
    topic: str,
    path: Path,
    columns: Schema,
    sinks: Sequence[TableDescriptor],
    sources: Sequence[TableDescriptor],
) -> TableDescriptor:
    kafka = next((t for t in (*sinks, *sources) if t.options.get("connector") in _KAFKA), None)
    if kafka is None:
        options = {"connector": "filesystem", "path": str(path), "format": "json"}
        return TableDescriptor(name, columns, options)
    is_sink = any(kafka is table for table in sinks)
    options = {
        key: value
        for key, value in kafka.options.items()
        if (key.startswith("properties.") and key != "properties.group.id")
        or (is_sink and key in _SINK_KEYS)
    }
    options |= {"connector": "kafka", "topic": topic, "format": "json"}
    return TableDescriptor(name, columns, options)
