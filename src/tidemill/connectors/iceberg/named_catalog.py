"""The tables of an Iceberg catalog by name: what CREATE CATALOG with the type `iceberg` opens.

A table is `database`.`table`; a namespace of several levels is one database with dots in its name.
Columns get the types that Iceberg's own connector for Flink gives them. CREATE TABLE in the catalog
declares a table, which the first epoch that writes to it makes, its database too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from tidemill.connectors.iceberg.catalog import OpenCatalog, translated
from tidemill.connectors.iceberg.flink_types import flink_type
from tidemill.connectors.iceberg.options import parse, wrong
from tidemill.interfaces.catalog import CatalogTable
from tidemill.interfaces.options import Option, OptionSet, OptionType
from tidemill.model import Column, Schema, TableDescriptor
from tidemill.stores.options import OPTIONS as STORE_OPTIONS

_S = OptionType.STRING
CATALOG_OPTIONS = OptionSet(
    "a catalog of the type iceberg",
    (
        Option("catalog-type", _S, "Only `jdbc`, which is taken where nothing is said."),
        Option("catalog-impl", _S, "Only `org.apache.iceberg.jdbc.JdbcCatalog`."),
        Option(
            "catalog-name", _S, "The catalog's name in its database.", default="lake",
        ),
        Option(
            "uri", _S, "Where it is: `jdbc:postgresql://...` or `jdbc:sqlite:/path`.", required=True
        ),
        Option("jdbc.user", _S, "The user of its database."),
        Option("jdbc.password", _S, "The user's password.", secret=True),
        Option("warehouse", _S, "The folder or `s3://` address of new tables.", required=True),
        Option("default-database", _S, "The database in use.", default="default"),
        *STORE_OPTIONS,
    ),
)  # fmt: skip


class IcebergCatalog:
    """Asks the catalog anew for each question; `reveal` puts secrets into options."""

    def __init__(self, options: Mapping[str, str], reveal: Callable[[str], str]) -> None:
        self._options = options
        self._reveal = reveal

    def databases(self) -> list[str]:
        """The namespaces, and the default one, which may not be there yet."""
        with self._opened("default", "any") as opened:
            found = [".".join(one) for one in opened.catalog.list_namespaces()]
        return sorted({*found, self._options.get("default-database", "default")})

    def tables(self, database: str) -> list[str]:
        """The tables of a namespace; none where there is no such namespace."""
        from pyiceberg.exceptions import NoSuchNamespaceError  # noqa: PLC0415 - an extra

        with self._opened(database, "any") as opened:
            try:
                found = opened.catalog.list_tables(tuple(database.split(".")))
            except NoSuchNamespaceError:
                return []
        return sorted(name[-1] for name in found)

    def table(self, database: str, name: str) -> CatalogTable | None:
        """One table with its identifier fields as its key."""
        with self._opened(database, name) as opened:
            found = opened.load()
        if found is None:
            return None
        schema = found.schema()
        columns = tuple(
            Column(f.name, flink_type(f.field_type, f.name).with_nullable(not f.required))
            for f in schema.fields
        )
        names = {field.field_id: field.name for field in schema.fields}
        key = tuple(names[number] for number in schema.identifier_field_ids)
        return CatalogTable(columns, key, self.new_table(database, name))

    def new_table(self, database: str, name: str) -> Mapping[str, str]:
        """The WITH clause of a table of the catalog, there or not."""
        own = {k: v for k, v in self._options.items() if k not in ("type", "default-database")}
        return {
            "connector": "iceberg",
            "catalog-name": "lake",
            **own,
            "catalog-database": database,
            "catalog-table": name,
        }

    @contextmanager
    def _opened(self, database: str, name: str) -> Iterator[OpenCatalog]:
        options = {k: self._reveal(v) for k, v in self.new_table(database, name).items()}
        parsed = parse(TableDescriptor(name, Schema(()), options))
        if parsed.sqlite is not None and not parsed.sqlite.is_absolute():
            raise wrong(
                f"the catalog's file {parsed.sqlite} is not named from the root",
                "Write jdbc:sqlite:/path/of/a/file.",
            )
        opened = OpenCatalog(parsed)
        opened.open()
        try:
            with translated(opened.options):
                yield opened
        finally:
            opened.close()
