"""How `kinesis` is registered. boto3 is imported when a table is opened."""

from __future__ import annotations

from collections.abc import Sequence

from tidemill.connectors.kinesis.options import METADATA, OPTIONS, parse
from tidemill.errors import ProjectError
from tidemill.interfaces.connector import Changelog, Connector, JobContext
from tidemill.interfaces.sink import CommitGroup
from tidemill.interfaces.source import Source
from tidemill.model import TableDescriptor


def _source_changelog(table: TableDescriptor, job: JobContext) -> Changelog:
    options = parse(table, job)
    if options.factory.decoder is None:
        raise _unfit(table, options.factory.name, "read")
    options.factory.decoder(options.value, options.format_options, table.columns_needed)
    return Changelog(updates=options.factory.changelog)


def _sink_changelog(table: TableDescriptor, job: JobContext) -> Changelog:
    options = parse(table, job)
    if options.factory.encoder is None:
        raise _unfit(table, options.factory.name, "write")
    options.factory.encoder(options.value, options.format_options)
    if any(not column.virtual for column in options.metadata):
        raise ProjectError(
            f"a sink of kinesis cannot write the metadata of `{table.name}`",
            code="connector.bad-option",
            hint="Declare the metadata columns VIRTUAL.",
        )
    return Changelog(updates=options.factory.changelog)


def _unfit(table: TableDescriptor, name: str, what: str) -> ProjectError:
    return ProjectError(
        f"table `{table.name}`: format `{name}` cannot {what} messages",
        code="connector.bad-option",
        hint="Use another format, such as json.",
    )


def _group_key(table: TableDescriptor, job: JobContext) -> str:
    options = parse(table, job)
    values = options.values
    login = values["aws.credentials.basic.accesskeyid"] or values["aws.credentials.profile.name"]
    return f"kinesis {options.region} {values['aws.endpoint'] or ''} {login or ''}".strip()


def _source(table: TableDescriptor, job: JobContext) -> Source:
    from tidemill.connectors.kinesis.source import KinesisSource  # noqa: PLC0415 - an extra

    return KinesisSource(parse(table, job))


def _commit_group(tables: Sequence[TableDescriptor], job: JobContext) -> CommitGroup:
    from tidemill.connectors.kinesis.sink import KinesisGroup  # noqa: PLC0415 - an extra

    return KinesisGroup([parse(table, job) for table in tables])


CONNECTOR = Connector(
    name="kinesis",
    options=OPTIONS,
    metadata=METADATA,
    bounded=lambda table, job: False,
    source_changelog=_source_changelog,
    source=_source,
    sink_changelog=_sink_changelog,
    group_key=_group_key,
    commit_group=_commit_group,
)
"""The connector `kinesis`."""
