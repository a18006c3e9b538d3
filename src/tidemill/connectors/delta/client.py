"""The table as delta-rs has it: opened, made, given columns; its errors told as ours.

The client library deltalake (extra `delta`) is imported here and in the modules that only an open
table needs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow.fs import FileSystem, PyFileSystem

from tidemill.connectors.delta.options import DeltaOptions
from tidemill.connectors.delta.types import shape, table_schema, widens
from tidemill.errors import ConnectorError, TidemillError, Where, did_you_mean

if TYPE_CHECKING:
    from deltalake import DeltaTable


def load(options: DeltaOptions, version: int | str | None = None) -> DeltaTable | None:
    """The table now, or as of a version or a time; None where there is none."""
    try:
        from deltalake import DeltaTable  # noqa: PLC0415 - an extra
        from deltalake.exceptions import TableNotFoundError  # noqa: PLC0415
    except ImportError as error:
        raise ConnectorError(
            "the delta connector needs the package deltalake",
            code="connector.store-error",
            hint="Install it: pip install 'tidemill[delta]'",
        ) from error
    with translated(options):
        try:
            table = DeltaTable(options.uri, storage_options=options.storage())
            if version is not None:
                table.load_as_version(version)
            return table
        except TableNotFoundError:
            return None


def found_table(options: DeltaOptions, version: int | str | None = None) -> DeltaTable:
    """The table to read; it must be there, with the declared columns."""
    table = load(options, version)
    if table is None:
        raise missing_table(options)
    check_fits(table, options, writing=False)
    return table


def missing_table(options: DeltaOptions) -> ConnectorError:
    """The error where there is no table."""
    return ConnectorError(
        f"{options.shown} does not exist",
        code="connector.table-missing",
        where=Where(table=options.table.name, file=options.uri),
        hint="Mend the option 'table-path': it is the folder that holds `_delta_log`.",
    )


def made_table(options: DeltaOptions) -> DeltaTable:
    """The table, made where there is none, with all declared columns."""
    table = load(options) or _create(options)
    check_fits(table, options, writing=True)
    names = set(arrow_schema(table).names)
    new = [field for field in table_schema(options.table) if field.name not in names]
    if new:
        table = _with_columns(table, options, new)
    return _with_invariants(table, options)


def _with_invariants(table: DeltaTable, options: DeltaOptions) -> DeltaTable:
    """Name the feature that NOT NULL needs, where a table names its features.

    delta-rs leaves it out of a table with TIMESTAMP columns, which Spark then refuses to read.
    """
    from deltalake import TableFeatures  # noqa: PLC0415 - an extra
    from deltalake.exceptions import CommitFailedError  # noqa: PLC0415

    features = table.protocol().writer_features or []
    required = any(not field.nullable for field in arrow_schema(table))
    if table.protocol().min_writer_version < 7 or "invariants" in features or not required:
        return table
    # Another process may name it at the same moment.
    with translated(options), contextlib.suppress(CommitFailedError):
        table.alter.add_feature(TableFeatures.Invariants, allow_protocol_versions_increase=True)
    return found_table(options)


def _create(options: DeltaOptions) -> DeltaTable:
    from deltalake import DeltaTable, Schema  # noqa: PLC0415 - an extra
    from deltalake.exceptions import DeltaError  # noqa: PLC0415

    with translated(options):
        try:
            return DeltaTable.create(
                options.uri,
                Schema.from_arrow(table_schema(options.table)),
                partition_by=list(options.table.partition_keys),
                storage_options=options.storage(),
            )
        except DeltaError:
            # Somebody else may have made it in the meantime.
            table = load(options)
            if table is None:
                raise
            return table


def _with_columns(table: DeltaTable, options: DeltaOptions, new: list[pa.Field]) -> DeltaTable:
    """Add columns; they take NULL, for there are older rows."""
    from deltalake import Field, Schema  # noqa: PLC0415 - an extra
    from deltalake.exceptions import DeltaError  # noqa: PLC0415

    fields = Schema.from_arrow(pa.schema([field.with_nullable(True) for field in new])).fields
    # Another process may have added them; if not, the check says what is missing.
    with translated(options), contextlib.suppress(DeltaError):
        table.alter.add_columns([Field(f.name, f.type, nullable=True) for f in fields])
    return found_table(options)


def arrow_schema(table: DeltaTable) -> pa.Schema:
    """The columns of the table in Arrow's types."""
    return pa.schema(table.schema().to_arrow())


def file_system(table: DeltaTable, options: DeltaOptions) -> FileSystem:
    """The table's folder as Arrow reads it."""
    from deltalake.fs import DeltaStorageHandler  # noqa: PLC0415 - an extra

    return PyFileSystem(DeltaStorageHandler.from_table(table._table, options.storage()))


def written_schema(table: DeltaTable, options: DeltaOptions) -> pa.Schema:
    """The declared columns in the table's own types."""
    found = arrow_schema(table)
    return pa.schema([found.field(name) for name in options.table.schema.names])


def check_fits(table: DeltaTable, options: DeltaOptions, *, writing: bool) -> None:
    """Raise ConnectorError where declared and real columns cannot go together."""
    problems = []
    fields = {field.name: field for field in arrow_schema(table)}
    declared = {field.name: field for field in table_schema(options.table)}
    for name, here in declared.items():
        there = fields.get(name)
        if there is None:
            if not writing:
                problems.append(f"`{name}` is missing. {did_you_mean(name, fields) or ''}".strip())
            continue
        narrow, wide = (here, there) if writing else (there, here)
        # What is declared narrower than it is may still fit, row by row.
        both = (narrow.type, wide.type), (wide.type, narrow.type)
        if not any(widens(*pair) for pair in (both if not writing else both[:1])):
            declared_type = next(c for c in options.table.schema.columns if c.name == name).type
            problems.append(f"`{name}` is {shape(there.type)} there and {declared_type.sql()} here")
        if writing and not there.nullable and here.nullable:
            problems.append(f"`{name}` takes no NULL there")
    for name, there in fields.items():
        if writing and name not in declared and not there.nullable:
            problems.append(f"`{name}` takes no NULL there and is missing here")
    partitions = list(table.metadata().partition_columns)
    wanted = list(options.table.partition_keys)
    for name in partitions if writing else ():
        if pa.types.is_decimal(fields[name].type):
            problems.append(f"it is partitioned by `{name}`, a decimal, which cannot be written")
    if writing and wanted and partitions != wanted:
        problems.append(f"it is partitioned by {', '.join(partitions) or 'nothing'}")
    if problems:
        raise ConnectorError(
            f"{options.shown} has other columns than `{options.table.name}`: {'; '.join(problems)}",
            code="connector.schema-mismatch",
            where=Where(table=options.table.name, file=options.uri),
            hint="Declare the columns as the table has them, or write to another table.",
        )


@contextmanager
def translated(options: DeltaOptions) -> Iterator[None]:
    """Turn the errors of the library and of the store into ConnectorErrors."""
    from deltalake.exceptions import (  # noqa: PLC0415 - an extra
        DeltaError,
        DeltaProtocolError,
        SchemaMismatchError,
    )

    try:
        yield
    except TidemillError:
        raise
    except (DeltaError, OSError, ValueError, pa.ArrowException) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        code, retryable, hint = "connector.store-error", False, None
        if isinstance(error, DeltaProtocolError):
            hint = "The table uses a feature of Delta that this reader and writer does not know."
        elif isinstance(error, SchemaMismatchError):
            code = "connector.schema-mismatch"
        elif isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
            code, retryable = "connector.file-system", True
        raise ConnectorError(
            f"{options.shown}: {first}",
            code=code,
            where=Where(table=options.table.name, file=options.uri),
            retryable=retryable,
            hint=hint,
        ) from error
