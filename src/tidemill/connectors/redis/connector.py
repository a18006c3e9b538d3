"""How `redis` is registered. The client library is imported when a table is opened."""

from __future__ import annotations

from collections.abc import Sequence

from tidemill.connectors.redis.options import OPTIONS, RedisOptions, parse
from tidemill.errors import ProjectError
from tidemill.interfaces.connector import Changelog, Connector, JobContext
from tidemill.interfaces.lookup import Lookup, LookupCaching
from tidemill.interfaces.sink import CommitGroup
from tidemill.interfaces.source import Source
from tidemill.model import TableDescriptor


def _sink_changelog(table: TableDescriptor, job: JobContext) -> Changelog:
    parse(table, job)
    keyed = bool(table.primary_key)
    return Changelog(updates=keyed, upsert=keyed)


def _readable(table: TableDescriptor, job: JobContext) -> RedisOptions:
    options = parse(table, job)
    if options.mode == "stream":
        raise ProjectError(
            f"table `{table.name}` is a stream, which the redis connector only writes",
            code="connector.bad-option",
            hint="Use 'mode' = 'hash' or 'string' for what is read back.",
        )
    return options


def _source_changelog(table: TableDescriptor, job: JobContext) -> Changelog:
    _readable(table, job)
    return Changelog(updates=False)


def _group_key(table: TableDescriptor, job: JobContext) -> str:
    options = parse(table, job)
    user = options.values["username"] or ""
    host = "localhost" if options.host in ("127.0.0.1", "::1") else options.host
    return f"redis {user}@{host}:{options.port}/{options.database}"


def _caching(table: TableDescriptor, job: JobContext) -> LookupCaching | None:
    values = parse(table, job).values
    prefix = "lookup.partial-cache."
    if values["lookup.cache"] == "NONE":
        return None
    return LookupCaching(
        rows_max=values[f"{prefix}max-rows"],
        expire_after_write_ms=values[f"{prefix}expire-after-write"],
        expire_after_access_ms=values[f"{prefix}expire-after-access"],
        missing_keys=values[f"{prefix}cache-missing-key"],
    )


def _source(table: TableDescriptor, job: JobContext) -> Source:
    from tidemill.connectors.redis.source import RedisSource  # noqa: PLC0415 - client library

    return RedisSource(_readable(table, job))


def _lookup(table: TableDescriptor, job: JobContext) -> Lookup:
    from tidemill.connectors.redis.lookup import RedisLookup  # noqa: PLC0415 - client library

    return RedisLookup(_readable(table, job))


def _commit_group(tables: Sequence[TableDescriptor], job: JobContext) -> CommitGroup:
    from tidemill.connectors.redis.sink import RedisGroup  # noqa: PLC0415 - client library

    return RedisGroup([parse(table, job) for table in tables], job)


CONNECTOR = Connector(
    name="redis",
    options=OPTIONS,
    bounded=lambda table, job: True,
    source_changelog=_source_changelog,
    source=_source,
    lookup=_lookup,
    lookup_caching=_caching,
    sink_changelog=_sink_changelog,
    group_key=_group_key,
    commit_group=_commit_group,
)
"""The connector `redis`."""
