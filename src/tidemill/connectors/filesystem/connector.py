"""How `filesystem` is registered."""

from __future__ import annotations

from collections.abc import Sequence

from tidemill.connectors.filesystem.file_reader import METADATA
from tidemill.connectors.filesystem.options import OPTIONS, FileOptions, parse
from tidemill.connectors.filesystem.sink import FilesystemGroup, group_key
from tidemill.connectors.filesystem.source import FilesystemSource
from tidemill.connectors.filesystem.store_sink import StoreGroup
from tidemill.connectors.filesystem.store_source import StoreSource
from tidemill.errors import ProjectError
from tidemill.interfaces.connector import Changelog, Connector, JobContext
from tidemill.interfaces.sink import CommitGroup
from tidemill.interfaces.source import Source
from tidemill.model import ColumnKind, TableDescriptor


def _bounded(table: TableDescriptor, job: JobContext) -> bool:
    return parse(table, job).values["source.monitor-interval"] is None


def _source_changelog(table: TableDescriptor, job: JobContext) -> Changelog:
    options = parse(table, job)
    if not options.is_parquet and options.format.decoder is None:
        raise _no_direction(options, "read")
    _check(table, options)
    for column in table.schema.columns:
        key = column.metadata_key or column.name
        if column.kind is ColumnKind.METADATA and key not in METADATA:
            raise ProjectError(
                f"the filesystem connector has no metadata `{key}`",
                code="connector.bad-option",
                hint=f"Known are {', '.join(METADATA)}.",
            )
    return Changelog(updates=options.format.changelog)


def _sink_changelog(table: TableDescriptor, job: JobContext) -> Changelog:
    options = parse(table, job)
    if not options.is_parquet and options.format.encoder is None:
        raise _no_direction(options, "write")
    _check(table, options)
    return Changelog(updates=options.format.changelog)


def _source(table: TableDescriptor, job: JobContext) -> Source:
    is_stored = parse(table, job).url is not None
    return StoreSource(table, job) if is_stored else FilesystemSource(table, job)


def _commit_group(tables: Sequence[TableDescriptor], job: JobContext) -> CommitGroup:
    is_stored = parse(tables[0], job).url is not None
    return StoreGroup(tables, job) if is_stored else FilesystemGroup(tables, job)


def _no_direction(options: FileOptions, verb: str) -> ProjectError:
    return ProjectError(
        f"the format `{options.format.name}` cannot {verb} files", code="connector.bad-option"
    )


def _check(table: TableDescriptor, options: FileOptions) -> None:
    for column in options.encoded_schema(table).columns:
        if options.is_parquet and column.type.is_interval:
            raise ProjectError(
                f"Parquet files cannot carry `{column.name}` of type {column.type.sql()}",
                code="connector.unsupported-type",
                hint="Use a BIGINT or a STRING column.",
            )


CONNECTOR = Connector(
    name="filesystem",
    options=OPTIONS,
    metadata=METADATA,
    bounded=_bounded,
    source_changelog=_source_changelog,
    sink_changelog=_sink_changelog,
    source=_source,
    group_key=group_key,
    commit_group=_commit_group,
)
"""The connector `filesystem`."""
