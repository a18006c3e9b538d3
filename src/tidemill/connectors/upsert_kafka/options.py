"""The options of `upsert-kafka`, under Flink's names."""

from __future__ import annotations

from dataclasses import replace

from tidemill.connectors.kafka.options import (
    BOUNDED_OPTIONS,
    COMMON_SOURCE_OPTIONS,
    DELIVERY_OPTIONS,
    FORMAT_OPTIONS,
    TOPIC_OPTIONS,
    KafkaTable,
    build,
    own_options,
    wrong,
)
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.options import Option, OptionSet, OptionType
from tidemill.model import TableDescriptor

_FORMATS = tuple(
    replace(option, required=option.key in ("key.format", "value.format"))
    for option in FORMAT_OPTIONS
    if option.key not in ("format", "key.fields")
)
OPTIONS = OptionSet(
    "the upsert-kafka connector",
    (
        *TOPIC_OPTIONS,
        *_FORMATS,
        *BOUNDED_OPTIONS,
        *COMMON_SOURCE_OPTIONS,
        *DELIVERY_OPTIONS,
        Option(
            "sink.buffer-flush.max-rows",
            OptionType.INT,
            "Above 0, of several changes of one key in a batch only the last is written.",
            default=0,
        ),
        Option(
            "sink.buffer-flush.interval",
            OptionType.DURATION,
            "Above 0 together with `sink.buffer-flush.max-rows`; rows are written with the epoch.",
            default=0,
        ),
    ),
    prefixes=("properties.",),
)


def parse(table: TableDescriptor, job: JobContext) -> KafkaTable:
    """The options of an `upsert-kafka` table; ProjectError where they are wrong."""
    if not table.primary_key:
        raise wrong(
            table,
            "upsert-kafka needs a primary key",
            "Add PRIMARY KEY (...) NOT ENFORCED to the table; it becomes the message's key.",
        )
    values = OPTIONS.parse(own_options(table, job))
    buffering = (values["sink.buffer-flush.max-rows"] > 0, values["sink.buffer-flush.interval"] > 0)
    if buffering[0] != buffering[1]:
        raise wrong(
            table,
            "`sink.buffer-flush.max-rows` and `sink.buffer-flush.interval` need each other",
            "Set both above zero, or neither.",
        )
    return build(table, values, key_fields=table.primary_key)
