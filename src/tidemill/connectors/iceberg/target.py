"""The Iceberg table behind a declared one: made, found fit, or given the columns that it lacks."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from tidemill.connectors.iceberg.catalog import OpenCatalog, translated
from tidemill.connectors.iceberg.options import IcebergOptions
from tidemill.connectors.iceberg.types import iceberg_schema, iceberg_type
from tidemill.errors import ConnectorError, Where, did_you_mean
from tidemill.model import Column

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyiceberg.types import IcebergType


_PROPERTIES = {
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "100",
}
"""Of new tables: a stream commits often, and each commit leaves a metadata file."""


def made_table(opened: OpenCatalog) -> Table:
    """The table, made where there is none, with all declared columns; raises where it is unfit."""
    table = opened.load() or _create(opened)
    check_fits(table, opened.options, writing=True)
    return _with_new_columns(table, opened)


def found_table(opened: OpenCatalog) -> Table:
    """The table to read; it must be there."""
    table = opened.load()
    if table is None:
        raise missing_table(opened)
    check_fits(table, opened.options, writing=False)
    return table


def missing_table(opened: OpenCatalog) -> ConnectorError:
    """The error where the catalog has no such table."""
    options = opened.options
    return ConnectorError(
        f"{options.shown} does not exist",
        code="connector.table-missing",
        where=Where(table=options.table.name, server=options.shown),
        hint=_names_hint(opened) or "Check 'catalog-name', 'catalog-database' and 'uri'.",
    )


def _names_hint(opened: OpenCatalog) -> str | None:
    from pyiceberg.exceptions import NoSuchNamespaceError  # noqa: PLC0415 - an extra

    with translated(opened.options):
        try:
            found = opened.catalog.list_tables(opened.options.identifier[:-1])
        except NoSuchNamespaceError:
            return None
    return did_you_mean(opened.options.name, [name[-1] for name in found])


def _create(opened: OpenCatalog) -> Table:
    from pyiceberg.exceptions import (  # noqa: PLC0415 - an extra
        NamespaceAlreadyExistsError,
        TableAlreadyExistsError,
    )
    from pyiceberg.partitioning import PartitionField, PartitionSpec  # noqa: PLC0415
    from pyiceberg.transforms import IdentityTransform  # noqa: PLC0415

    options = opened.options
    schema = iceberg_schema(options.table)
    keys = [
        PartitionField(schema.find_field(name).field_id, 1000 + number, IdentityTransform(), name)
        for number, name in enumerate(options.table.partition_keys)
    ]
    with translated(options):
        try:
            opened.catalog.create_namespace(options.identifier[:-1])
        except (NamespaceAlreadyExistsError, *_taken()):
            pass
        try:
            return opened.catalog.create_table(
                options.identifier,
                schema,
                partition_spec=PartitionSpec(*keys),
                properties=_PROPERTIES,
            )
        except TableAlreadyExistsError:
            # Somebody else made it in the meantime.
            return opened.catalog.load_table(options.identifier)


def _taken() -> tuple[type[Exception], ...]:
    """What a database says where another process wrote the same row first."""
    from sqlalchemy.exc import IntegrityError  # noqa: PLC0415 - an extra

    return (IntegrityError,)


def check_fits(table: Table, options: IcebergOptions, *, writing: bool) -> None:
    """Raise ConnectorError where declared and real columns cannot go together."""
    problems = []
    declared = {column.name: column for column in options.table.schema.columns}
    fields = {field.name: field for field in table.schema().fields}
    for name, column in declared.items():
        field = fields.get(name)
        if field is None and not writing:
            problems.append(f"`{name}` is missing. {did_you_mean(name, fields) or ''}".strip())
        if field is not None and not _fits(column, field.field_type, writing=writing):
            problems.append(f"`{name}` is {field.field_type} there and {column.type.sql()} here")
        if field is not None and writing and field.required and column.type.nullable:
            problems.append(f"`{name}` takes no NULL there")
    for name, field in fields.items():
        if writing and name not in declared and field.required:
            problems.append(f"`{name}` is required there and missing here")
    if writing and options.table.partition_keys:
        problems += _partition_problems(table, options)
    if problems:
        raise ConnectorError(
            f"{options.shown} has other columns than `{options.table.name}`: {'; '.join(problems)}",
            code="connector.schema-mismatch",
            where=Where(table=options.table.name, server=options.shown),
            hint="Declare the columns as the table has them, or write to another table.",
        )


def _partition_problems(table: Table, options: IcebergOptions) -> list[str]:
    by_id = {field.field_id: field.name for field in table.schema().fields}
    found = [f"{f.transform}({by_id.get(f.source_id)})" for f in table.spec().fields]
    wanted = [f"identity({name})" for name in options.table.partition_keys]
    if found == wanted:
        return []
    return [f"it is partitioned by {', '.join(found) or 'nothing'}"]


def _fits(column: Column, found: IcebergType, *, writing: bool) -> bool:
    """Whether values go over without a loss, in the direction that is asked for."""
    from pyiceberg import types as t  # noqa: PLC0415 - an extra

    here = iceberg_type(column.type, count(1))
    if _shape(here) == _shape(found):
        return True
    if isinstance(here, t.FixedType | t.BinaryType) and isinstance(found, t.BinaryType):
        return True
    narrow, wide = (here, found) if writing else (found, here)
    widened = (
        isinstance(narrow, t.IntegerType) and isinstance(wide, t.LongType),
        isinstance(narrow, t.FloatType) and isinstance(wide, t.DoubleType),
        isinstance(narrow, t.DecimalType)
        and isinstance(wide, t.DecimalType)
        and narrow.scale == wide.scale
        and narrow.precision <= wide.precision,
        isinstance(wide, t.StringType) and isinstance(narrow, t.UUIDType),
    )
    return any(widened)


def _shape(type_: IcebergType) -> str:
    """The type without its ids and without what may be NULL."""
    from pyiceberg import types as t  # noqa: PLC0415 - an extra

    if isinstance(type_, t.ListType):
        return f"list<{_shape(type_.element_type)}>"
    if isinstance(type_, t.MapType):
        return f"map<{_shape(type_.key_type)},{_shape(type_.value_type)}>"
    if isinstance(type_, t.StructType):
        return (
            "struct<" + ",".join(f"{f.name!r}:{_shape(f.field_type)}" for f in type_.fields) + ">"
        )
    return str(type_)


def _with_new_columns(table: Table, opened: OpenCatalog) -> Table:
    """Add the declared columns that the table lacks; they take NULL, for there are older rows."""
    from pyiceberg.exceptions import CommitFailedException  # noqa: PLC0415 - an extra

    names = {field.name for field in table.schema().fields}
    new = [c for c in opened.options.table.schema.columns if c.name not in names]
    if not new:
        return table
    with translated(opened.options):
        try:
            with table.update_schema() as update:
                for column in new:
                    update.add_column((column.name,), iceberg_type(column.type, count(1)))
        except (CommitFailedException, ValueError):
            # Another process may have added them; if not, the check says what is missing.
            table.refresh()
            check_fits(table, opened.options, writing=False)
    return table
