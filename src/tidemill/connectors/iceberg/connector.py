"""How `iceberg` is registered. The client library is imported when a table is opened."""

from __future__ import annotations

from collections.abc import Sequence

from tidemill.connectors.iceberg.named_catalog import CATALOG_OPTIONS, IcebergCatalog
from tidemill.connectors.iceberg.options import OPTIONS, parse
from tidemill.interfaces.connector import Changelog, Connector, JobContext
from tidemill.interfaces.sink import CommitGroup
from tidemill.interfaces.source import Source
from tidemill.model import TableDescriptor


def _sink_changelog(table: TableDescriptor, job: JobContext) -> Changelog:
    parse(table)
    keyed = bool(table.primary_key)
    return Changelog(updates=keyed, upsert=keyed)


def _source_changelog(table: TableDescriptor, job: JobContext) -> Changelog:
    parse(table)
    return Changelog(updates=False)


def _bounded(table: TableDescriptor, job: JobContext) -> bool:
    return not parse(table).values["streaming"]


def _source(table: TableDescriptor, job: JobContext) -> Source:
    from tidemill.connectors.iceberg.source import iceberg_source  # noqa: PLC0415 - an extra

    return iceberg_source(table)


def _commit_group(tables: Sequence[TableDescriptor], job: JobContext) -> CommitGroup:
    from tidemill.connectors.iceberg.sink import IcebergGroup  # noqa: PLC0415 - an extra

    return IcebergGroup(tables, job)


CONNECTOR = Connector(
    name="iceberg",
    options=OPTIONS,
    bounded=_bounded,
    source_changelog=_source_changelog,
    source=_source,
    sink_changelog=_sink_changelog,
    group_key=lambda table, job: parse(table).identity,
    commit_group=_commit_group,
    catalog_options=CATALOG_OPTIONS,
    catalog=IcebergCatalog,
)
"""The connector `iceberg`."""
