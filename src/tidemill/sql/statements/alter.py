"""ALTER: which thing it is; views, databases and catalogs are changed here."""

from __future__ import annotations

from dataclasses import replace

from tidemill.sql.catalog import DEFAULT_CATALOG, Table, View
from tidemill.sql.session import Session
from tidemill.sql.statements.alter_table import rename_entry, run_alter_table
from tidemill.sql.statements.create_view import bind_view
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.from_items import parse_option
from tidemill.sql.syntax.nodes import Path
from tidemill.sql.syntax.queries import parse_query


def run_alter(session: Session, cursor: Cursor) -> None:
    """Read the statement from ALTER on and change what it names."""
    cursor.expect("ALTER")
    if cursor.take("TABLE"):
        run_alter_table(session, cursor)
    elif cursor.take("VIEW"):
        _alter_view(session, cursor)
    elif cursor.take("DATABASE"):
        _alter_database(session, cursor)
    elif cursor.take("CATALOG"):
        _alter_catalog(session, cursor)
    elif cursor.at_any("FUNCTION", "TEMPORARY", "MODEL", "MATERIALIZED", "CONNECTION"):
        raise cursor.unsupported(f"ALTER {cursor.token.upper}", hint="DROP it and CREATE it.")
    else:
        raise cursor.unexpected("TABLE, VIEW, DATABASE or CATALOG")


def _alter_view(session: Session, cursor: Cursor) -> None:
    path = cursor.path("a view name")
    entry = session.catalog.find(session.source, path)
    if isinstance(entry, Table):
        raise session.source.error(
            "wrong-kind", f"`{path}` is a table", path.span, hint=f"Write ALTER TABLE {path}."
        )
    if cursor.take("RENAME"):
        cursor.expect("TO")
        _rename(session, cursor, entry, path)
        return
    if not cursor.take("AS"):
        raise cursor.unexpected("RENAME TO or AS")
    query = parse_query(cursor)
    cursor.done()
    session.catalog.entries[entry.name] = bind_view(session, entry, query, path)


def _rename(session: Session, cursor: Cursor, entry: View, path: Path) -> None:
    target = cursor.path("a view name")
    cursor.done()
    name = rename_entry(session, path, entry.name, target)
    session.catalog.entries[name] = replace(entry, name=name)


def _alter_database(session: Session, cursor: Cursor) -> None:
    path = cursor.path("a database name")
    session.catalog.known_database(session.source, path)
    cursor.expect("SET")
    cursor.parenthesised(lambda: parse_option(cursor))
    cursor.done()
    session.note(f"The options of the database `{path}` are ignored.")


def _alter_catalog(session: Session, cursor: Cursor) -> None:
    catalog = session.catalog.catalog(session.source, cursor.name("a catalog name"))
    if cursor.take("COMMENT"):
        comment = cursor.string("a comment").value
        cursor.done()
        session.catalog.catalogs[catalog.name] = replace(catalog, comment=comment)
        return
    if not cursor.at_any("SET", "RESET"):
        raise cursor.unexpected("COMMENT, SET or RESET")
    hint = "DROP the catalog and CREATE it."
    if catalog.name == DEFAULT_CATALOG:
        hint = "Create a catalog of your own."
    raise cursor.unsupported(f"ALTER CATALOG ... {cursor.token.upper}", hint=hint)
