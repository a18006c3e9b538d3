"""How `kafka` is registered."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from tidemill.connectors.kafka.history_options import history_options, without_history
from tidemill.connectors.kafka.layout import METADATA, layout
from tidemill.connectors.kafka.options import OPTIONS, KafkaTable, parse, wrong
from tidemill.connectors.kafka.properties import SINK_ONLY, SOURCE_ONLY
from tidemill.connectors.upsert_kafka.options import parse as parse_upsert
from tidemill.interfaces.connector import Changelog, Connector, JobContext
from tidemill.interfaces.sink import CommitGroup
from tidemill.interfaces.source import Source
from tidemill.model import Schema, TableDescriptor


def source_changelog(table: KafkaTable, job: JobContext) -> Changelog:
    """What a source of the table emits; checks its options."""
    parts = layout(table, job)
    factories = [parts.value_factory, *([parts.key_factory] if parts.key_factory else [])]
    for factory in factories:
        if factory.decoder is None:
            raise wrong(
                table.descriptor,
                f"format `{factory.name}` cannot read messages",
                "Use another format, such as json.",
            )
    parts.decoders(table.descriptor.columns_needed)
    history_options(table, job)
    if table.upsert:
        return Changelog(updates=True, upsert=True)
    return Changelog(updates=parts.value_factory.changelog)


def sink_changelog(table: KafkaTable, job: JobContext) -> Changelog:
    """What a sink of the table takes; checks its options."""
    parts = layout(table, job)
    factories = [parts.value_factory, *([parts.key_factory] if parts.key_factory else [])]
    for factory in factories:
        if factory.encoder is None:
            raise wrong(
                table.descriptor,
                f"format `{factory.name}` cannot write messages",
                "Use another format, such as json.",
            )
    parts.encoders()
    keys = [c.metadata_key or c.name for c in parts.metadata if not c.virtual]
    if table.several_topics and "topic" not in keys:
        raise wrong(
            table.descriptor,
            "a sink of several topics needs to be told each row's topic",
            "Add a column `topic` STRING METADATA, or name one topic.",
        )
    if table.upsert:
        return Changelog(updates=True, upsert=True)
    return Changelog(updates=parts.value_factory.changelog)


def exactly_once(table: KafkaTable, job: JobContext) -> bool:
    """Whether the table is written in transactions."""
    return (table.values["sink.delivery-guarantee"] or job.delivery) == "exactly-once"


def group_key(table: KafkaTable, job: JobContext) -> str:
    """Equal for tables that can share a transaction: same cluster, same login, same guarantee."""
    login = sorted(
        (key, value)
        for key, value in table.properties.items()
        if key not in SINK_ONLY | SOURCE_ONLY and key != "bootstrap.servers"
    )
    mark = hashlib.blake2b(repr(login).encode(), digest_size=4).hexdigest() if login else ""
    guarantee = "exactly-once" if exactly_once(table, job) else "at-least-once"
    return " ".join(filter(None, ("kafka", table.bootstrap, guarantee, mark)))


def make_source(table: KafkaTable, job: JobContext) -> Source:
    """A source of the table, not yet open."""
    from tidemill.connectors.kafka.source import KafkaSource  # noqa: PLC0415 - client library

    history = history_options(table, job)
    if history is None:
        return KafkaSource(_narrow(table, job), job)
    from tidemill.connectors import CONNECTORS  # noqa: PLC0415 - it lists this one, too
    from tidemill.connectors.kafka.history_source import HistoryThenLive  # noqa: PLC0415

    read_history = CONNECTORS[history.table.options["connector"]].source
    assert read_history is not None
    topic = parse(without_history(table.descriptor), job)
    return HistoryThenLive(
        topic,
        history,
        lambda wanted: read_history(wanted, job),
        lambda: KafkaSource(topic, job, history.lsn),
    )


def _narrow(table: KafkaTable, job: JobContext) -> KafkaTable:
    """The table with only those parts of its ROWs that are read, where its format allows it."""
    wanted = table.descriptor
    if not wanted.read_as or table.key_fields:
        return table
    parts = layout(table, job)
    by_name = parts.value_factory.by_name
    if by_name is None or not by_name(parts.value_options):
        return table
    columns = (replace(c, type=wanted.read_as.get(c.name, c.type)) for c in wanted.schema.columns)
    return replace(table, descriptor=replace(wanted, schema=Schema(tuple(columns))))


def make_group(tables: Sequence[KafkaTable], job: JobContext) -> CommitGroup:
    """A commit group of the tables, not yet open."""
    from tidemill.connectors.kafka.sink import KafkaGroup  # noqa: PLC0415 - client library

    return KafkaGroup(tables, job, exactly_once(tables[0], job))


def parse_any(table: TableDescriptor, job: JobContext) -> KafkaTable:
    """The options of a table of `kafka` or `upsert-kafka`; both can share a transaction."""
    if table.options.get("connector") == "upsert-kafka":
        return parse_upsert(table, job)
    return parse(table, job)


def _bounded(table: TableDescriptor, job: JobContext) -> bool:
    return bool(parse(table, job).values["scan.bounded.mode"] != "unbounded")


CONNECTOR = Connector(
    name="kafka",
    options=OPTIONS,
    metadata=METADATA,
    bounded=_bounded,
    source_changelog=lambda table, job: source_changelog(parse(table, job), job),
    sink_changelog=lambda table, job: sink_changelog(parse(table, job), job),
    source=lambda table, job: make_source(parse(table, job), job),
    group_key=lambda table, job: group_key(parse(table, job), job),
    commit_group=lambda tables, job: make_group([parse_any(t, job) for t in tables], job),
)
"""The connector `kafka`."""
