"""How `postgres-cdc` is registered."""

from __future__ import annotations

from tidemill.connectors.postgres_cdc.options import METADATA, OPTIONS, check_metadata, parse
from tidemill.connectors.postgres_cdc.source import PostgresCdcSource
from tidemill.interfaces.connector import Changelog, Connector, JobContext
from tidemill.model import TableDescriptor


def _source_changelog(table: TableDescriptor, job: JobContext) -> Changelog:
    options = parse(table)
    check_metadata(table)
    if options.mode == "snapshot":
        return Changelog(updates=False)
    return Changelog(updates=True, upsert=options.upsert)


def _bounded(table: TableDescriptor, job: JobContext) -> bool:
    return parse(table).mode == "snapshot"


def _slot(table: TableDescriptor) -> str:
    options = parse(table)
    return f"the replication slot `{options.slot}` of {options.shown}"


CONNECTOR = Connector(
    name="postgres-cdc",
    options=OPTIONS,
    metadata=METADATA,
    bounded=_bounded,
    source_changelog=_source_changelog,
    source=lambda table, job: PostgresCdcSource(table),
    exclusive=_slot,
)
"""The connector `postgres-cdc`."""
