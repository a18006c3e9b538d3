"""How `upsert-kafka` is registered; source and sink are those of `kafka`."""

from __future__ import annotations

from tidemill.connectors.kafka.connector import (
    group_key,
    make_group,
    make_source,
    parse_any,
    sink_changelog,
    source_changelog,
)
from tidemill.connectors.kafka.layout import METADATA, layout
from tidemill.connectors.kafka.options import KafkaTable, wrong
from tidemill.connectors.upsert_kafka.options import OPTIONS, parse
from tidemill.interfaces.connector import Changelog, Connector, JobContext
from tidemill.model import TableDescriptor


def _checked(table: TableDescriptor, job: JobContext) -> KafkaTable:
    parsed = parse(table, job)
    if layout(parsed, job).value_factory.changelog:
        raise wrong(
            table,
            f"`value.format` of upsert-kafka cannot be `{parsed.value_format}`",
            "Its messages are rows, not changes; use a format such as json.",
        )
    return parsed


def _source_changelog(table: TableDescriptor, job: JobContext) -> Changelog:
    return source_changelog(_checked(table, job), job)


def _sink_changelog(table: TableDescriptor, job: JobContext) -> Changelog:
    return sink_changelog(_checked(table, job), job)


CONNECTOR = Connector(
    name="upsert-kafka",
    options=OPTIONS,
    metadata=METADATA,
    bounded=lambda table, job: bool(parse(table, job).values["scan.bounded.mode"] != "unbounded"),
    source_changelog=_source_changelog,
    sink_changelog=_sink_changelog,
    source=lambda table, job: make_source(_checked(table, job), job),
    group_key=lambda table, job: group_key(_checked(table, job), job),
    commit_group=lambda tables, job: make_group([parse_any(t, job) for t in tables], job),
)
"""The connector `upsert-kafka`."""
