"""Declarations as text again: what SHOW CREATE answers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from tidemill.model import ColumnKind, DataType
from tidemill.model.types import MAX_LENGTH
from tidemill.sql.catalog import FullName, NamedCatalog, Table, View
from tidemill.sql.syntax.definitions import ColumnDefinition, TableDefinition
from tidemill.sql.syntax.normal import normal_text, quoted, string
from tidemill.sql.text import SourceText

_HIDDEN = "******"
_SHORT = re.compile(r"`[^`]*`|\bSTRING\b|\bBYTES\b")
_LONG = {"STRING": f"VARCHAR({MAX_LENGTH})", "BYTES": f"VARBINARY({MAX_LENGTH})"}


def column_extras(source: SourceText, column: ColumnDefinition) -> str | None:
    """What stands behind a column's type, or in its place: METADATA or AS."""
    if column.kind is ColumnKind.COMPUTED:
        assert column.expression is not None
        return f"AS {normal_text(source, column.expression.span)}"
    if column.kind is not ColumnKind.METADATA:
        return None
    key = column.metadata_key
    named = f" FROM {string(key.value)}" if key is not None else ""
    return f"METADATA{named}{' VIRTUAL' if column.virtual else ''}"


def table_text(source: SourceText, table: Table) -> str:
    """A CREATE TABLE that declares the table again; secret values are hidden."""
    definition = table.definition
    key = definition.primary_key
    keys = {name.text for name in key.columns} if key is not None else set()
    lines = [_column(source, column, keys) for column in definition.columns]
    if definition.watermark is not None:
        column = ".".join(quoted(part.text) for part in definition.watermark.column.parts)
        expression = normal_text(source, definition.watermark.expression.span)
        lines.append(f"WATERMARK FOR {column} AS {expression}")
    if key is not None:
        names = [name.text for name in key.columns]
        constraint = quoted("PK_" + "_".join(names))
        lines.append(f"CONSTRAINT {constraint} PRIMARY KEY ({_names(names)}) NOT ENFORCED")
    temporary = "TEMPORARY " if definition.temporary else ""
    return (
        f"CREATE {temporary}TABLE {_full(table.name)} (\n  "
        + ",\n  ".join(lines)
        + "\n)\n"
        + _comment(definition.comment)
        + _partitions(definition)
        + options_text(_options(table))
    )


def view_text(source: SourceText, view: View) -> str:
    """A CREATE VIEW that declares the view again, its query as it was written."""
    temporary = "TEMPORARY " if view.temporary else ""
    columns = ",\n".join(f"  {quoted(field.name)}" for field in view.node.fields)
    return (
        f"CREATE {temporary}VIEW {_full(view.name)} (\n{columns}\n)\n"
        f"{_comment(view.comment)}AS {source.slice(view.query)}\n"
    )


def catalog_text(catalog: NamedCatalog) -> str:
    """A CREATE CATALOG that declares the catalog again."""
    shown = {
        key: _HIDDEN if key == "password" and "${" not in value else value
        for key, value in catalog.options.items()
    }
    named = f"CREATE CATALOG {quoted(catalog.name)}\n"
    return named + _comment(catalog.comment) + options_text(shown)


def options_text(options: Mapping[str, str]) -> str:
    """The WITH clause, its keys in order."""
    pairs = (f"  {string(key)} = {string(options[key])}" for key in sorted(options))
    return "WITH (\n" + ",\n".join(pairs) + "\n)\n"


def _options(table: Table) -> Mapping[str, str]:
    secret = {option.key for option in table.connector.options.options if option.secret}
    return {
        key.value: _HIDDEN if key.value in secret and "${" not in value.value else value.value
        for key, value in table.definition.options
    }


def _column(source: SourceText, column: ColumnDefinition, keys: Collection[str]) -> str:
    parts = [quoted(column.name.text)]
    type_ = column.type
    if type_ is not None:
        parts.append(_type(type_.with_nullable(False) if column.name.text in keys else type_))
    extras = column_extras(source, column)
    if extras is not None:
        parts.append(extras)
    if column.comment is not None:
        parts.append(f"COMMENT {string(column.comment)}")
    return " ".join(parts)


def _type(type_: DataType) -> str:
    """The type as Flink writes it here: STRING and BYTES under their full names."""
    return _SHORT.sub(lambda m: _LONG.get(m.group(), m.group()), str(type_))


def _full(name: FullName) -> str:
    return ".".join(quoted(part) for part in name)


def _names(names: Iterable[str]) -> str:
    return ", ".join(quoted(name) for name in names)


def _comment(comment: str | None) -> str:
    return f"COMMENT {string(comment)}\n" if comment else ""


def _partitions(definition: TableDefinition) -> str:
    names = [name.text for name in definition.partitioned_by]
    return f"PARTITIONED BY ({_names(names)})\n" if names else ""
