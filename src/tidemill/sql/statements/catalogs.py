"""CREATE CATALOG, DROP CATALOG and USE; and the tables that a server's catalog names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tidemill.errors import Span, TextWhere, TidemillError, did_you_mean
from tidemill.interfaces.catalog import CatalogTable, TableCatalog
from tidemill.model import ColumnKind
from tidemill.sql.binder.tables import bind_table
from tidemill.sql.catalog import DEFAULT_CATALOG, FullName, NamedCatalog, Table
from tidemill.sql.options import check_catalog_options
from tidemill.sql.session import Session
from tidemill.sql.statements.context import bind_context
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.definitions import (
    ColumnDefinition,
    OptionPair,
    PrimaryKey,
    TableDefinition,
)
from tidemill.sql.syntax.from_items import parse_option
from tidemill.sql.syntax.nodes import Name, Path, StringLiteral

IN_MEMORY = "generic_in_memory"
_LATER = {
    "hive": "Declare the tables one by one.",
    "paimon": "Declare the tables one by one.",
    "hudi": "Declare the tables one by one.",
    "delta-catalog": "Declare the tables one by one.",
    "fluss": "Declare the tables one by one.",
}


def run_create_catalog(session: Session, cursor: Cursor) -> None:
    """Read the statement behind CREATE CATALOG and add the catalog."""
    if_not_exists = cursor.take("IF", "NOT", "EXISTS")
    name = cursor.name("a catalog name")
    comment = cursor.string("a comment").value if cursor.take("COMMENT") else None
    pairs: tuple[OptionPair, ...] = ()
    span = name.span
    if cursor.at("WITH"):
        span = cursor.advance().span
        pairs = cursor.parenthesised(lambda: parse_option(cursor))
    cursor.done()
    if name.text in session.catalog.catalogs:
        if if_not_exists:
            return
        raise session.source.error(
            "table-exists",
            f"a catalog `{name.text}` is there already",
            name.span,
            hint="Use another name, DROP the other one before, or write IF NOT EXISTS.",
        )
    catalog = _catalog(session, name, pairs, span, comment)
    session.catalog.catalogs[name.text] = catalog
    with _placed(session, span):
        names: tuple[str, ...] = (catalog.default_database,) if catalog.server is None else ()
        if catalog.server is not None:
            names = tuple(catalog.server.databases())
    session.catalog.databases |= {(name.text, database) for database in names}


def _catalog(
    session: Session,
    name: Name,
    pairs: tuple[OptionPair, ...],
    span: Span,
    comment: str | None,
) -> NamedCatalog:
    given = {key.value: value for key, value in pairs}
    if "type" not in given:
        raise session.source.error(
            "missing-option",
            f"the catalog `{name.text}` names no type",
            span,
            hint=f"Add WITH ('type' = '{IN_MEMORY}'), 'jdbc' or 'iceberg'.",
        )
    kind = given["type"]
    if kind.value == IN_MEMORY:
        for key, _ in pairs:
            if key.value not in ("type", "default-database"):
                raise session.source.error(
                    "bad-option",
                    f"a catalog of the type {IN_MEMORY} has no option `{key.value}`",
                    key.span,
                    hint="Its options are `type` and `default-database`.",
                )
        options = {key.value: value.value for key, value in pairs}
        return NamedCatalog(name.text, options, options.get("default-database", "default"), comment)
    connector = session.connectors.get(kind.value)
    if connector is None or connector.catalog is None or connector.catalog_options is None:
        raise _unknown(session, kind)
    options = check_catalog_options(session, connector.catalog_options, pairs, span)
    server = _opened(session, kind, options)
    default = options.get("default-database", "default")
    return NamedCatalog(name.text, options, default, comment, server)


def _opened(session: Session, kind: StringLiteral, options: Mapping[str, str]) -> TableCatalog:
    open_catalog = session.connectors[kind.value].catalog
    assert open_catalog is not None
    with _placed(session, kind.span):
        return open_catalog(options, session.reveal)


@contextmanager
def _placed(session: Session, span: Span) -> Iterator[None]:
    """Give an error of a server, which has no place in a text, the place of a span."""
    try:
        yield
    except TidemillError as error:
        if not isinstance(error.where, TextWhere):
            error.where = session.source.where(span)
        raise


def _unknown(session: Session, kind: StringLiteral) -> TidemillError:
    known = f"Types: {IN_MEMORY}, jdbc, iceberg."
    if kind.value in _LATER:
        return session.source.error(
            "not-supported",
            f"a catalog of the type {kind.value} is not supported yet",
            kind.span,
            hint=f"{_LATER[kind.value]} {known}",
        )
    return session.source.error(
        "bad-option",
        f"unknown type of catalog `{kind.value}`",
        kind.span,
        hint=did_you_mean(kind.value, (IN_MEMORY, "jdbc", "iceberg", *_LATER)) or known,
    )


def run_drop_catalog(session: Session, cursor: Cursor) -> None:
    """Read the statement behind DROP CATALOG."""
    if_exists = cursor.take("IF", "EXISTS")
    name = cursor.name("a catalog name")
    cursor.done()
    if name.text not in session.catalog.catalogs and if_exists:
        return
    session.catalog.catalog(session.source, name)
    if name.text in (session.catalog.current[0], DEFAULT_CATALOG):
        what = "in use" if name.text == session.catalog.current[0] else "the default one"
        raise session.source.error(
            "wrong-kind",
            f"the catalog `{name.text}` is {what} and cannot be dropped",
            name.span,
            hint="USE CATALOG another one before." if what == "in use" else None,
        )
    del session.catalog.catalogs[name.text]
    session.catalog.databases -= {d for d in session.catalog.databases if d[0] == name.text}
    for full in [full for full in session.catalog.entries if full[0] == name.text]:
        del session.catalog.entries[full]


def run_use(session: Session, cursor: Cursor) -> None:
    """Read USE [CATALOG] name."""
    cursor.expect("USE")
    if cursor.at("MODULES"):
        raise cursor.unsupported("USE MODULES")
    if cursor.at("CATALOG") and cursor.peek().upper not in ("", "."):
        cursor.advance()
        catalog = session.catalog.catalog(session.source, cursor.name("a catalog name"))
        cursor.done()
        session.catalog.current = (catalog.name, catalog.default_database)
        return
    path = cursor.path("a database name")
    cursor.done()
    session.catalog.current = session.catalog.known_database(session.source, path)


def in_catalog(session: Session, definition: TableDefinition, name: FullName) -> None:
    """Give a new table of a server's catalog the catalog's options; SqlError where it takes none.

    What the table says itself goes before what the catalog says.
    """
    server = session.catalog.catalogs[name[0]].server
    if server is None:
        return
    options = server.new_table(name[1], name[2])
    if options is None:
        session.refuse_on_server(definition.path, name, temporary=False)
        return
    span = definition.path.span
    given = {key.value for key, _ in definition.options}
    of_catalog = tuple(
        (StringLiteral(key, span), StringLiteral(value, span))
        for key, value in options.items()
        if key not in given
    )
    definition.options = (*of_catalog, *definition.options)
    if not given:
        definition.options_span = span


def load_table(session: Session, catalog: NamedCatalog, name: FullName, path: Path) -> Table | None:
    """A table as the server's catalog has it now; None where it has none of this name."""
    assert catalog.server is not None
    with _placed(session, path.span):
        found = catalog.server.table(name[1], name[2])
    if found is None:
        return None
    definition = _definition(found, path)
    return bind_table(bind_context(session), session, definition, name)


def _definition(found: CatalogTable, path: Path) -> TableDefinition:
    span = path.span
    columns = [
        ColumnDefinition(Name(column.name, span), ColumnKind.PHYSICAL, column.type)
        for column in found.columns
    ]
    key = tuple(Name(name, span) for name in found.primary_key)
    options = tuple(
        (StringLiteral(name, span), StringLiteral(value, span))
        for name, value in found.options.items()
    )
    return TableDefinition(
        path,
        span,
        columns=columns,
        primary_key=PrimaryKey(key, span) if key else None,
        options=options,
        options_span=span,
    )
