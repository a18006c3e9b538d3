"""The tables of a Postgres server by name: what CREATE CATALOG with the type `jdbc` opens.

A table is `database`.`schema.table`, or `database`.`table` for the schema `public`, as in Flink.
Its columns get the types that Flink's catalog gives them; a type it has none for is read as STRING
where it has a text form, and refused otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import LiteralString

from tidemill.connectors.jdbc.connection import Login, connect, translated
from tidemill.connectors.jdbc.options import JdbcOptions, parse
from tidemill.connectors.jdbc.target import TargetColumn, find_table
from tidemill.connectors.jdbc.types import TEXT_FORM
from tidemill.errors import ProjectError
from tidemill.interfaces.catalog import CatalogTable
from tidemill.interfaces.options import Option, OptionSet, OptionType
from tidemill.model import Column, DataType, Schema, TableDescriptor, TypeRoot
from tidemill.model.types import MAX_LENGTH

CATALOG_OPTIONS = OptionSet(
    "a catalog of the type jdbc",
    (
        Option("base-url", OptionType.STRING, "As `jdbc:postgresql://host:port/`.", required=True),
        Option("default-database", OptionType.STRING, "The database in use.", required=True),
        Option("username", OptionType.STRING, "The user.", required=True),
        Option("password", OptionType.STRING, "Its password.", required=True, secret=True),
    ),
)
_DATABASES = """
SELECT datname FROM pg_database
WHERE NOT datistemplate AND datallowconn AND has_database_privilege(oid, 'CONNECT') ORDER BY 1
"""
_TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('information_schema')
  AND n.nspname !~ '^pg_' ORDER BY 1, 2
"""
_PLAIN = {
    "bool": TypeRoot.BOOLEAN, "int2": TypeRoot.SMALLINT, "int4": TypeRoot.INTEGER,
    "int8": TypeRoot.BIGINT, "float4": TypeRoot.FLOAT, "float8": TypeRoot.DOUBLE,
    "date": TypeRoot.DATE,
}  # fmt: skip
_PRECISION_MAX, _SCALE_DEFAULT = 38, 18
_DIGITS = re.compile(r"\((\d)\)")


class JdbcCatalog:
    """Asks the server anew for each question; `reveal` puts secrets into options."""

    def __init__(self, options: Mapping[str, str], reveal: Callable[[str], str]) -> None:
        self._options = options
        self._reveal = reveal

    def databases(self) -> list[str]:
        """The databases that the user may connect to."""
        return [str(row[0]) for row in self._rows(self._options["default-database"], _DATABASES)]

    def tables(self, database: str) -> list[str]:
        """The tables and views of a database, those of `public` without their schema."""
        return [
            str(name) if schema == "public" and "." not in str(name) else f"{schema}.{name}"
            for schema, name in self._rows(database, _TABLES)
        ]

    def table(self, database: str, name: str) -> CatalogTable | None:
        """One table with its primary key."""
        written = self._table_options(database, name)
        options = self._parsed(written)
        login = Login.of(options)
        with translated(login.shown, name), connect(login, "tidemill catalog") as connection:
            target = find_table(connection, options)
        if target is None:
            return None
        columns = tuple(_column(column, name) for column in target.columns.values())
        return CatalogTable(columns, target.primary_key, written)

    def new_table(self, _database: str, _name: str) -> None:
        """Tables are made on the server only, as in Flink."""

    def _rows(self, database: str, query: LiteralString) -> list[tuple[object, ...]]:
        options = self._parsed(self._table_options(database, "any"))
        login = Login.of(options)
        with translated(login.shown), connect(login, "tidemill catalog") as connection:
            return connection.execute(query).fetchall()

    def _table_options(self, database: str, name: str) -> dict[str, str]:
        schema, _, table = name.partition(".") if "." in name else ("", "", name)
        return {
            "connector": "jdbc",
            "url": self._options["base-url"].rstrip("/") + "/" + database,
            "table-name": f"{_quoted(schema or 'public')}.{_quoted(table)}",
            "username": self._options["username"],
            "password": self._options["password"],
        }

    def _parsed(self, written: Mapping[str, str]) -> JdbcOptions:
        revealed = {key: self._reveal(value) for key, value in written.items()}
        parsed = parse(TableDescriptor("catalog", Schema(()), revealed))
        # A pipeline that is checked waits for no server.
        at_once = {"sink.max-retries": 0, "connection.max-retry-timeout": 0}
        values = replace(parsed.values, values={**parsed.values.values, **at_once})
        return replace(parsed, values=values)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if not name.isidentifier() else name


def _column(column: TargetColumn, table: str) -> Column:
    return Column(column.name, _type(column, table).with_nullable(not column.not_null))


def _type(column: TargetColumn, table: str) -> DataType:
    pg = column.type
    if pg.element is not None:
        inner = replace(column, type=replace(pg, name=pg.element, element=None))
        return DataType(TypeRoot.ARRAY, element=_type(inner, table))
    if pg.name in _PLAIN:
        return DataType(_PLAIN[pg.name])
    if pg.name == "numeric":
        return _decimal(column)
    digits = _DIGITS.search(column.shown_type)
    precision = int(digits.group(1)) if digits else 6
    if pg.name in ("timestamp", "timestamptz"):
        root = TypeRoot.TIMESTAMP if pg.name == "timestamp" else TypeRoot.TIMESTAMP_LTZ
        return DataType(root, precision=precision)
    if pg.name == "time":
        return DataType(TypeRoot.TIME, precision=precision)
    if pg.name == "bytea":
        return DataType(TypeRoot.VARBINARY, length=MAX_LENGTH)
    if pg.name == "bpchar":
        return DataType(TypeRoot.CHAR, length=pg.length or 1)
    if pg.name in ("varchar", "text", *TEXT_FORM) or pg.is_enum:
        return DataType(TypeRoot.VARCHAR, length=pg.length or MAX_LENGTH)
    raise ProjectError(
        f"the column `{column.name}` of `{table}` is {column.shown_type}, for which Flink SQL has "
        "no type",
        code="connector.unsupported-type",
        hint="Declare the table with the columns that are needed, by CREATE TABLE.",
    )


def _decimal(column: TargetColumn) -> DataType:
    pg = column.type
    precision, scale = pg.precision or _PRECISION_MAX, pg.scale
    if pg.precision is None:
        scale = _SCALE_DEFAULT
    precision = min(precision, _PRECISION_MAX)
    return DataType(TypeRoot.DECIMAL, precision=precision, scale=min(scale or 0, precision))
