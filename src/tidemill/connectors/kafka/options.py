"""The options of `kafka`, under Flink's names, and what one table's options come to."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tidemill.connectors.kafka.properties import client_properties
from tidemill.errors import ProjectError
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.history import HISTORY_TABLE
from tidemill.interfaces.options import (
    ENGINE_SOURCE_OPTIONS,
    Option,
    OptionSet,
    OptionType,
    OptionValues,
)
from tidemill.model import TableDescriptor
from tidemill.records import dataclass

_STRING, _LIST, _ENUM = OptionType.STRING, OptionType.LIST, OptionType.ENUM

TOPIC_OPTIONS = (
    Option("topic", _LIST, "The topic, or several separated by `;`."),
    Option("topic-pattern", _STRING, "A regular expression that whole topic names must match."),
)
FORMAT_OPTIONS = (
    Option("format", _STRING, "The format of the message's value."),
    Option("value.format", _STRING, "The same as `format`."),
    Option("key.format", _STRING, "The format of the message's key."),
    Option("key.fields", _LIST, "The columns that make up the key, separated by `;`."),
    Option("key.fields-prefix", _STRING, "A prefix that key columns have in the table only."),
    Option(
        "value.fields-include",
        _ENUM,
        "Whether the key columns are also in the value: ALL or EXCEPT_KEY.",
        default="ALL",
        choices=("ALL", "EXCEPT_KEY"),
    ),
)
BOUNDED_OPTIONS = (
    Option(
        "scan.bounded.mode",
        _ENUM,
        "Where reading ends.",
        default="unbounded",
        choices=("unbounded", "latest-offset", "group-offsets", "timestamp", "specific-offsets"),
    ),
    Option(
        "scan.bounded.specific-offsets",
        _STRING,
        "Where each partition ends, as `partition:0,offset:42;partition:1,offset:300`.",
    ),
    Option("scan.bounded.timestamp-millis", OptionType.LONG, "The end as a message timestamp."),
)
SOURCE_OPTIONS = (
    Option(
        "scan.startup.mode",
        _ENUM,
        "Where reading starts when there is no stored position.",
        default="group-offsets",
        choices=(
            "earliest-offset",
            "latest-offset",
            "group-offsets",
            "timestamp",
            "specific-offsets",
        ),
    ),
    Option(
        "scan.startup.specific-offsets",
        _STRING,
        "Where each partition starts, as `partition:0,offset:42;partition:1,offset:300`.",
    ),
    Option("scan.startup.timestamp-millis", OptionType.LONG, "The start as a message timestamp."),
)
HISTORY_OPTIONS = (
    Option(
        HISTORY_TABLE,
        _STRING,
        "A bounded table with the same columns that is read to its end first; the topic goes on "
        "from the fence (Tidemill's own).",
    ),
    Option(
        "scan.history.fence",
        _ENUM,
        "What divides history and topic: the newest offset of each partition in the history's "
        "columns (`offset-columns`), offsets that are given, the time of messages, or the place "
        "in Postgres's log.",
        choices=("offset-columns", "specific-offsets", "timestamp", "lsn"),
    ),
    Option(
        "scan.history.partition-column",
        _STRING,
        "The history's column with the partition that a row stood in.",
    ),
    Option("scan.history.offset-column", _STRING, "The history's column with the offset of a row."),
    Option(
        "scan.history.specific-offsets",
        _STRING,
        "The first offset of each partition that the topic gives, as "
        "`partition:0,offset:42;partition:1,offset:300`.",
    ),
    Option(
        "scan.history.timestamp-millis",
        OptionType.LONG,
        "The timestamp of the first messages that the topic gives.",
    ),
    Option(
        "scan.history.lsn",
        _STRING,
        "The place in Postgres's log that the history is of, such as `0/16B3748`.",
    ),
)
COMMON_SOURCE_OPTIONS = (
    Option(
        "scan.topic-partition-discovery.interval",
        OptionType.DURATION,
        "How often new topics and partitions are looked for; 0 for never.",
        default=300_000,
    ),
    Option(
        "scan.topic-recreated",
        _ENUM,
        "What to do where a topic was deleted and made again since it was read: fail, or begin "
        "anew with its first message and keep the state (Tidemill's own).",
        default="fail",
        choices=("fail", "begin-anew"),
    ),
    Option("scan.parallelism", OptionType.INT, "Tunes only Flink.", ignored=True),
    *ENGINE_SOURCE_OPTIONS,
)
DELIVERY_OPTIONS = (
    Option(
        "sink.delivery-guarantee",
        _ENUM,
        "exactly-once writes in transactions; at-least-once and none write each row at once and "
        "may repeat rows after a crash. The default is the pipeline's, which is exactly-once.",
        choices=("exactly-once", "at-least-once", "none"),
    ),
    Option("sink.transactional-id-prefix", _STRING, "The begin of the transactional id."),
    Option("sink.transaction-naming-strategy", _STRING, "Tunes only Flink.", ignored=True),
    Option("sink.parallelism", OptionType.INT, "Tunes only Flink.", ignored=True),
    Option(
        "sink.epoch-header",
        OptionType.BOOLEAN,
        "Whether each message says in the header `tidemill` which job, epoch and message of the "
        "epoch it is, for readers who check that; it can halve the speed (Tidemill's own).",
        default=False,
    ),
)
PARTITIONER_OPTION = Option(
    "sink.partitioner",
    _ENUM,
    "How messages spread: default and round-robin by the key's hash, or evenly where there is no "
    "key; fixed to one partition.",
    default="default",
    choices=("default", "fixed", "round-robin"),
)
OPTIONS = OptionSet(
    "the kafka connector",
    (
        *TOPIC_OPTIONS,
        *FORMAT_OPTIONS,
        *SOURCE_OPTIONS,
        *HISTORY_OPTIONS,
        *BOUNDED_OPTIONS,
        *COMMON_SOURCE_OPTIONS,
        PARTITIONER_OPTION,
        *DELIVERY_OPTIONS,
    ),
    prefixes=("properties.",),
)


@dataclass(frozen=True, slots=True)
class KafkaTable:
    """One table's options, parsed and checked."""

    descriptor: TableDescriptor
    values: OptionValues
    properties: Mapping[str, str]
    topics: tuple[str, ...]
    pattern: re.Pattern[str] | None
    key_format: str | None
    value_format: str
    key_fields: tuple[str, ...]
    upsert: bool = False

    @property
    def name(self) -> str:
        """The table's name."""
        return self.descriptor.name

    @property
    def bootstrap(self) -> str:
        """The cluster's address."""
        return self.properties["bootstrap.servers"]

    @property
    def several_topics(self) -> bool:
        """Whether partitions need their topic's name to be told apart."""
        return self.pattern is not None or len(self.topics) > 1


def parse(table: TableDescriptor, job: JobContext) -> KafkaTable:
    """The options of a `kafka` table; ProjectError where they are wrong."""
    return build(table, OPTIONS.parse(own_options(table, job)), key_fields=None)


def own_options(table: TableDescriptor, job: JobContext) -> dict[str, str]:
    """The WITH clause without `connector` and without the formats' options."""
    prefixes = tuple(f"{side}{name}." for name in job.formats for side in ("", "key.", "value."))
    return {
        key: value
        for key, value in table.options.items()
        if key != "connector" and not key.startswith(prefixes)
    }


def build(
    table: TableDescriptor, values: OptionValues, key_fields: tuple[str, ...] | None
) -> KafkaTable:
    """Check what the options say together; `key_fields` where the connector decides them."""
    properties = client_properties(values.under("properties."), table.name)
    if not properties.get("bootstrap.servers"):
        raise wrong(
            table, "the kafka connectors need `properties.bootstrap.servers`",
            "Add 'properties.bootstrap.servers' = 'host:port'.", code="project.missing-option",
        )  # fmt: skip
    value_format = _value_format(table, values)
    topics, pattern = _topics(table, values)
    upsert = key_fields is not None
    fields = key_fields if key_fields is not None else tuple(values["key.fields"] or ())
    _check_key(table, values, fields)
    return KafkaTable(
        table, values, properties, topics, pattern, values["key.format"], value_format, fields,
        upsert,
    )  # fmt: skip


def wrong(
    table: TableDescriptor, message: str, hint: str, code: str = "connector.bad-option"
) -> ProjectError:
    """An error about a table's options."""
    return ProjectError(f"table `{table.name}`: {message}", code=code, hint=hint)


def _value_format(table: TableDescriptor, values: OptionValues) -> str:
    given = [values[key] for key in ("format", "value.format") if values[key]]
    if len(given) != 1:
        problem = "both `format` and `value.format` are set" if given else "there is no `format`"
        raise wrong(table, problem, "Set one of the two, such as 'format' = 'json'.")
    return str(given[0])


def _topics(
    table: TableDescriptor, values: OptionValues
) -> tuple[tuple[str, ...], re.Pattern[str] | None]:
    topics, pattern = values["topic"], values["topic-pattern"]
    if bool(topics) == bool(pattern):
        raise wrong(
            table, "exactly one of `topic` and `topic-pattern` is needed", "Set 'topic' = '...'."
        )
    if pattern is None:
        return topics, None
    try:
        return (), re.compile(pattern)
    except re.error as error:
        raise wrong(
            table, f"`topic-pattern` is no regular expression: {error}", "Mend it."
        ) from None


def _check_key(table: TableDescriptor, values: OptionValues, fields: tuple[str, ...]) -> None:
    prefix = values["key.fields-prefix"] or ""
    if bool(values["key.format"]) != bool(fields):
        raise wrong(
            table,
            "`key.format` and `key.fields` need each other",
            "Set both, such as 'key.format' = 'json' and 'key.fields' = 'id'.",
        )
    physical = table.schema.physical().names
    for name in fields:
        if name not in physical:
            raise wrong(
                table,
                f"`key.fields` names `{name}`, which is no physical column",
                f"Physical columns: {', '.join(physical)}.",
            )
        if not name.startswith(prefix):
            raise wrong(
                table,
                f"key column `{name}` lacks the prefix `{prefix}`",
                "All columns in `key.fields` must begin with `key.fields-prefix`.",
            )
    if prefix and values["value.fields-include"] == "ALL":
        raise wrong(
            table,
            "`key.fields-prefix` needs 'value.fields-include' = 'EXCEPT_KEY'",
            "Set it, or remove the prefix.",
        )


def parse_offsets(table: TableDescriptor, key: str, text: str | None) -> dict[int, int]:
    """The offsets of `partition:0,offset:42;partition:1,offset:300`."""
    offsets: dict[int, int] = {}
    for pair in (text or "").split(";"):
        match = re.fullmatch(r"partition:(\d+),offset:(\d+)", pair.strip())
        if match is None:
            raise wrong(
                table,
                f"`{key}` is `{text or ''}`",
                "It takes the form partition:0,offset:42;partition:1,offset:300.",
            )
        offsets[int(match[1])] = int(match[2])
    return offsets
