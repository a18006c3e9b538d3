"""A row that could not be processed, kept with its origin and the reason."""

from __future__ import annotations

import pyarrow as pa

from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One input that was set aside.

    `table`, `partition` and `position` name where it came from (for Kafka: table, partition number
    as text, offset as text, and `topic`); `stage` is one of parse, type, contract, function,
    check, serialise, sink, late; `code` a declared error code; `message` says why; `key` and
    `value` are the raw bytes as they came, `value` also being a JSON rendering of the row where
    there are no raw bytes (stages after parsing).
    """

    table: str
    stage: str
    code: str
    message: str
    topic: str | None = None
    partition: str | None = None
    position: str | None = None
    timestamp_ms: int | None = None
    key: bytes | None = None
    value: bytes | None = None


DEAD_LETTER_SCHEMA = pa.schema(
    [
        pa.field("pipeline", pa.string(), False),
        pa.field("table", pa.string(), False),
        pa.field("stage", pa.string(), False),
        pa.field("code", pa.string(), False),
        pa.field("message", pa.string(), False),
        pa.field("topic", pa.string()),
        pa.field("partition", pa.string()),
        pa.field("position", pa.string()),
        pa.field("timestamp_ms", pa.int64()),
        pa.field("key", pa.binary()),
        pa.field("value", pa.binary()),
    ]
)
"""The columns of every dead-letter table."""


def dead_letter_batch(pipeline: str, letters: list[DeadLetter]) -> pa.RecordBatch:
    """The letters as rows of `DEAD_LETTER_SCHEMA`."""
    columns = {
        name: [getattr(letter, name) for letter in letters]
        for name in DEAD_LETTER_SCHEMA.names
        if name != "pipeline"
    }
    return pa.RecordBatch.from_pydict(
        {"pipeline": [pipeline] * len(letters), **columns}, schema=DEAD_LETTER_SCHEMA
    )
