"""The tables and views that a file has declared so far, under Flink's three-part names.

A catalog of a server (`jdbc`) is asked for a table when a statement first names it; what it said is
kept until the end of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import TypeAlias

from tidemill.errors import Span, SqlError, did_you_mean
from tidemill.interfaces.catalog import TableCatalog
from tidemill.interfaces.connector import Connector
from tidemill.interfaces.python_function import Model, PythonFunction
from tidemill.model import Column, DataType, TableDescriptor
from tidemill.records import dataclass
from tidemill.sql.logical import LogicalNode
from tidemill.sql.syntax.definitions import TableDefinition
from tidemill.sql.syntax.nodes import Name, Path
from tidemill.sql.text import SourceText

DEFAULT_CATALOG = "default_catalog"
DEFAULT_DATABASE = "default_database"

FullName: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class SinkColumn:
    """A column that INSERT INTO may write: as declared, and as the connector takes it."""

    column: Column
    declared: DataType


@dataclass(frozen=True, slots=True)
class Table:
    """A declared table: how it is read (`node`), and what an INSERT writes (`sink_columns`)."""

    name: FullName
    descriptor: TableDescriptor
    node: LogicalNode
    sink_columns: tuple[SinkColumn, ...]
    definition: TableDefinition
    connector: Connector
    temporary: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """A declared view; everything that reads it shares its node."""

    name: FullName
    node: LogicalNode
    temporary: bool = False
    query: Span = field(default_factory=lambda: Span(0, 0))
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class NamedCatalog:
    """A catalog: its options as written, and, for one of a server, how it is read."""

    name: str
    options: Mapping[str, str]
    default_database: str = DEFAULT_DATABASE
    comment: str | None = None
    server: TableCatalog | None = None


class BrokenNameError(Exception):
    """A name whose declaration was refused already; whatever uses it has no error of its own."""


@dataclass(slots=True)
class Functions:
    """The declared Python functions and models; names of functions are in lower case.

    `system` functions come before built-in ones, the others (`plain`) behind them.
    """

    system: dict[str, PythonFunction] = field(default_factory=dict)
    plain: dict[FullName, PythonFunction] = field(default_factory=dict)
    models: dict[FullName, Model] = field(default_factory=dict)
    broken: set[FullName] = field(default_factory=set)
    broken_models: set[FullName] = field(default_factory=set)

    def all(self) -> tuple[PythonFunction, ...]:
        """All of them."""
        models = [model.function for model in self.models.values()]
        return (*self.system.values(), *self.plain.values(), *models)


@dataclass(slots=True)
class Catalog:
    """Names to tables and views. One statement after the other changes it.

    `load` makes a table of what a server's catalog says; the session gives it.
    """

    entries: dict[FullName, Table | View] = field(default_factory=dict)
    broken: set[FullName] = field(default_factory=set)
    catalogs: dict[str, NamedCatalog] = field(
        default_factory=lambda: {DEFAULT_CATALOG: NamedCatalog(DEFAULT_CATALOG, {})}
    )
    databases: set[tuple[str, str]] = field(
        default_factory=lambda: {(DEFAULT_CATALOG, DEFAULT_DATABASE)}
    )
    current: tuple[str, str] = (DEFAULT_CATALOG, DEFAULT_DATABASE)
    functions: Functions = field(default_factory=Functions)
    load: Callable[[NamedCatalog, FullName, Path], Table | None] | None = None

    def full_name(self, source: SourceText, path: Path) -> FullName:
        """The three-part name that a path means; SqlError for an unknown catalog or database."""
        parts = tuple(part.text for part in path.parts)
        if len(parts) > 3:
            raise source.error("syntax", f"`{path}` has more than three parts", path.span)
        catalog, database = self.current
        if len(parts) == 3:
            catalog, database = parts[0], parts[1]
        elif len(parts) == 2:
            database = parts[0]
        if (catalog, database) not in self.databases:
            raise self.unknown_database(source, path.parts[-2].span, f"{catalog}.{database}")
        return catalog, database, parts[-1]

    def database(self, source: SourceText, path: Path) -> tuple[str, str]:
        """The catalog and database that a path means, there or not."""
        parts = [part.text for part in path.parts]
        if len(parts) > 2:
            raise source.error("syntax", f"`{path}` has more than two parts", path.span)
        if len(parts) == 2:
            self.catalog(source, path.parts[0])
            return parts[0], parts[1]
        return self.current[0], parts[0]

    def known_database(self, source: SourceText, path: Path) -> tuple[str, str]:
        """The catalog and database that a path means; SqlError where it is not there."""
        name = self.database(source, path)
        if name not in self.databases:
            raise self.unknown_database(source, path.span, str(path))
        return name

    def catalog(self, source: SourceText, name: Name) -> NamedCatalog:
        """The catalog of a name; SqlError where there is none."""
        found = self.catalogs.get(name.text)
        if found is None:
            hint = did_you_mean(name.text, self.catalogs)
            raise source.error(
                "unknown-database",
                f"unknown catalog `{name.text}`",
                name.span,
                hint=hint or f"Catalogs: {', '.join(sorted(self.catalogs))}.",
            )
        return found

    def unknown_database(self, source: SourceText, span: Span, shown: str) -> SqlError:
        """The error of a database that is not there."""
        known = [".".join(names) for names in sorted(self.databases)]
        near = did_you_mean(shown.rpartition(".")[2], [name.partition(".")[2] for name in known])
        hint = near or f"Databases: {', '.join(known)}."
        return source.error("unknown-database", f"unknown database `{shown}`", span, hint=hint)

    def entry(self, name: FullName, path: Path) -> Table | View | None:
        """What has a name, if anything; a server's catalog is asked for it."""
        entry = self.entries.get(name)
        server = self.catalogs[name[0]]
        if entry is None and server.server is not None and self.load is not None:
            entry = self.load(server, name, path)
            if entry is not None:
                self.entries[name] = entry
        return entry

    def names(self, database: tuple[str, str]) -> dict[str, str]:
        """The names in a database, each with `table` or `view`."""
        server = self.catalogs[database[0]].server
        found = {} if server is None else dict.fromkeys(server.tables(database[1]), "table")
        for name, entry in self.entries.items():
            if name[:2] == database:
                found[name[2]] = "table" if isinstance(entry, Table) else "view"
        return dict(sorted(found.items()))

    def find(self, source: SourceText, path: Path) -> Table | View:
        """The table or view of a name; SqlError with the nearest name where there is none."""
        name = self.full_name(source, path)
        if name in self.broken:
            raise BrokenNameError
        entry = self.entry(name, path)
        if entry is None:
            raise self.unknown(source, path)
        return entry

    def unknown(self, source: SourceText, path: Path, more: Iterable[str] = ()) -> SqlError:
        """The error of a name that is not there."""
        known = [*more, *(self.shown(name) for name in self.entries)]
        hint = did_you_mean(str(path), known)
        if hint is None:
            hint = (
                f"Tables and views: {', '.join(sorted(known)[:12])}."
                if known
                else "No table is declared above; add a CREATE TABLE."
            )
        last: Span = path.parts[-1].span
        return source.error("unknown-table", f"unknown table `{path}`", last, hint=hint)

    def shown(self, name: FullName) -> str:
        """The shortest way to write a name from the default database."""
        if name[:2] == (DEFAULT_CATALOG, DEFAULT_DATABASE):
            return name[2]
        return ".".join(name[1:] if name[0] == DEFAULT_CATALOG else name)

    def descriptors(self) -> Mapping[str, TableDescriptor]:
        """All declared tables by their shown name."""
        return {
            self.shown(name): entry.descriptor
            for name, entry in self.entries.items()
            if isinstance(entry, Table)
        }
