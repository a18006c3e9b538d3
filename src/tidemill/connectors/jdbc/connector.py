"""How `jdbc` is registered."""

from __future__ import annotations

from tidemill.connectors.jdbc.catalog import CATALOG_OPTIONS, JdbcCatalog
from tidemill.connectors.jdbc.lookup import JdbcLookup
from tidemill.connectors.jdbc.options import OPTIONS, parse
from tidemill.connectors.jdbc.sink import JdbcGroup, group_key
from tidemill.connectors.jdbc.source import JdbcSource
from tidemill.connectors.jdbc.target import check_types
from tidemill.interfaces.connector import Changelog, Connector, JobContext
from tidemill.model import TableDescriptor


def _sink_changelog(table: TableDescriptor, job: JobContext) -> Changelog:
    parse(table)
    check_types(table)
    keyed = bool(table.primary_key)
    return Changelog(updates=keyed, upsert=keyed)


def _source_changelog(table: TableDescriptor, job: JobContext) -> Changelog:
    parse(table)
    check_types(table)
    return Changelog(updates=False)


def _bounded(table: TableDescriptor, job: JobContext) -> bool:
    return True


CONNECTOR = Connector(
    name="jdbc",
    options=OPTIONS,
    bounded=_bounded,
    source_changelog=_source_changelog,
    source=lambda table, job: JdbcSource(table),
    lookup=lambda table, job: JdbcLookup(table),
    sink_changelog=_sink_changelog,
    group_key=group_key,
    commit_group=JdbcGroup,
    catalog_options=CATALOG_OPTIONS,
    catalog=JdbcCatalog,
)
"""The connector `jdbc`."""
