"""The columns of a CREATE TABLE: metadata keys, primary key and partition keys checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tidemill.errors import did_you_mean
from tidemill.model import Column, ColumnKind, DataType
from tidemill.records import dataclass
from tidemill.sql.binder.context import BindContext
from tidemill.sql.dialect import tokenize
from tidemill.sql.functions.coerce import can_cast
from tidemill.sql.options import TableOptions
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.definitions import ColumnDefinition, TableDefinition
from tidemill.sql.syntax.nodes import Name
from tidemill.sql.text import SourceText
from tidemill.sql.types import parse_type


@dataclass(frozen=True, slots=True)
class BaseColumn:
    """A physical or metadata column: as the text declares it and as the connector gives it."""

    declared: Column
    connector: Column


def base_columns(
    context: BindContext, definition: TableDefinition, options: TableOptions
) -> list[BaseColumn]:
    """The physical and metadata columns in their order."""
    key = {name.text for name in definition.primary_key.columns} if definition.primary_key else ()
    metadata = _metadata_keys(options)
    columns: list[BaseColumn] = []
    for column in definition.columns:
        if column.kind is ColumnKind.PHYSICAL:
            assert column.type is not None
            type_ = column.type.with_nullable(False) if column.name.text in key else column.type
            own = Column(column.name.text, type_, comment=column.comment)
            columns.append(BaseColumn(own, own))
        elif column.kind is ColumnKind.METADATA:
            columns.append(_metadata_column(context, column, metadata, options))
    return columns


def _metadata_keys(options: TableOptions) -> Mapping[str, DataType]:
    keys = dict(options.connector.metadata)
    value_format = options.value_format
    if value_format is not None and value_format.metadata:
        for key, text in value_format.metadata.items():
            keys[f"value.{key}"] = type_of_text(text)
    return keys


def type_of_text(text: str) -> DataType:
    """The type that a text such as `TIMESTAMP_LTZ(3)` means."""
    source = SourceText("<type>", text)
    cursor = Cursor(source, tokenize(source), len(text))
    type_ = parse_type(cursor)
    cursor.done()
    return type_


def _metadata_column(
    context: BindContext,
    column: ColumnDefinition,
    known: Mapping[str, DataType],
    options: TableOptions,
) -> BaseColumn:
    assert column.type is not None
    named = column.metadata_key
    key, span = (named.value, named.span) if named else (column.name.text, column.name.span)
    connector = options.connector.name
    if key not in known:
        shown = ", ".join(sorted(known))
        hint = did_you_mean(key, known)
        if hint is None:
            hint = f"Keys: {shown}." if known else f"`{connector}` has no metadata."
        raise context.error(
            "bad-metadata", f"`{connector}` has no metadata `{key}`", span, hint=hint
        )
    own = known[key]
    if not can_cast(own, column.type):
        raise context.error(
            "bad-metadata",
            f"the metadata `{key}` is {own.sql()} and cannot be {column.type.sql()}",
            column.name.span,
            hint=f"Declare it as {own.sql()}.",
        )
    same = own.with_nullable(True) == column.type.with_nullable(True)
    name = column.name.text

    def as_type(type_: DataType) -> Column:
        return Column(name, type_, ColumnKind.METADATA, key, column.virtual, column.comment)

    declared = as_type(column.type)
    return BaseColumn(declared, declared if same else as_type(own))


def check_primary_key(context: BindContext, definition: TableDefinition) -> None:
    """A primary key is made of different physical columns."""
    if definition.primary_key is None:
        return
    _check_names(context, definition, definition.primary_key.columns, "primary-key", "primary key")


def check_partitions(context: BindContext, definition: TableDefinition) -> None:
    """PARTITIONED BY is made of different physical columns."""
    _check_names(context, definition, definition.partitioned_by, "partition", "partition")


def _check_names(
    context: BindContext,
    definition: TableDefinition,
    names: Sequence[Name],
    code: str,
    what: str,
) -> None:
    columns = {column.name.text: column for column in definition.columns}
    seen: set[str] = set()
    for name in names:
        column = columns.get(name.text)
        if column is None:
            raise context.error(
                f"bad-{code}",
                f"unknown column `{name.text}` in the {what}",
                name.span,
                hint=did_you_mean(name.text, columns) or f"Columns: {', '.join(columns)}.",
            )
        if column.kind is not ColumnKind.PHYSICAL:
            raise context.error(
                f"bad-{code}",
                f"the {column.kind.value} column `{name.text}` cannot be in the {what}",
                name.span,
                hint="Only physical columns can.",
            )
        if name.text in seen:
            raise context.error(f"bad-{code}", f"`{name.text}` is there twice", name.span)
        seen.add(name.text)
