"""How `jdbc` is registered."""

from __future__ import annotations

from tidemill.connectors.jdbc.catalog import CATALOG_OPTIONS, JdbcCatalog
from tidemill.connectors.jdbc.lookup import JdbcLookup
from tidemill.connectors.jdbc.options import OPTIONS, parse
from tidemill.connectors.jdbc.sink import JdbcGroup, group_key
from tidemill.connectors.jdbc.source import JdbcSource
from tidemill.connectors.jdbc.target import check_types
from tidemill.interfaces.connector import Changelog, Connector, JobContext
from tidemill.interfaces.lookup import LookupCaching
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


def _caching(table: TableDescriptor, job: JobContext) -> LookupCaching | None:
    values = parse(table).values
    prefix = "lookup.partial-cache."
    older = values["lookup.cache.max-rows"], values["lookup.cache.ttl"]
    if values["lookup.cache"] == "NONE" and older == (None, None):
        return None
    return LookupCaching(
        rows_max=values[f"{prefix}max-rows"] or older[0],
        expire_after_write_ms=values[f"{prefix}expire-after-write"] or older[1],
        expire_after_access_ms=values[f"{prefix}expire-after-access"],
        missing_keys=values[f"{prefix}cache-missing-key"],
    )


CONNECTOR = Connector(
    name="jdbc",
    options=OPTIONS,
    bounded=_bounded,
    source_changelog=_source_changelog,
    source=lambda table, job: JdbcSource(table),
    lookup=lambda table, job: JdbcLookup(table),
    lookup_caching=_caching,
    sink_changelog=_sink_changelog,
    group_key=group_key,
    commit_group=JdbcGroup,
    catalog_options=CATALOG_OPTIONS,
    catalog=JdbcCatalog,
)
"""The connector `jdbc`."""
