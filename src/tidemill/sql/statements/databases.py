"""CREATE DATABASE and USE, within the default catalog."""

from __future__ import annotations

from tidemill.sql.catalog import DEFAULT_CATALOG
from tidemill.sql.session import Session
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.from_items import parse_option
from tidemill.sql.syntax.nodes import Path


def run_create_database(session: Session, cursor: Cursor) -> None:
    """Read the statement behind CREATE DATABASE; options are Flink's and say nothing here."""
    if_not_exists = cursor.take("IF", "NOT", "EXISTS")
    path = cursor.path("a database name")
    if cursor.take("COMMENT"):
        cursor.string("a comment")
    if cursor.take("WITH") and not cursor.take("(", ")"):
        cursor.parenthesised(lambda: parse_option(cursor))
        session.note(f"The options of the database `{path}` are ignored.")
    cursor.done()
    name = _database(session, path)
    if name in session.catalog.databases and not if_not_exists:
        raise session.source.error(
            "table-exists", f"the database `{path}` is there already", path.span
        )
    session.catalog.databases.add(name)


def run_use(session: Session, cursor: Cursor) -> None:
    """Read USE [CATALOG] name."""
    cursor.expect("USE")
    if cursor.at("MODULES"):
        raise cursor.unsupported("USE MODULES")
    if cursor.at("CATALOG") and cursor.peek().upper not in ("", "."):
        cursor.advance()
        path = cursor.path("a catalog name")
        cursor.done()
        if str(path) != DEFAULT_CATALOG:
            raise session.source.error(
                "not-supported",
                f"the catalog `{path}` is not supported yet",
                path.span,
                hint=f"There is one catalog, `{DEFAULT_CATALOG}`.",
            )
        return
    path = cursor.path("a database name")
    cursor.done()
    name = _database(session, path)
    if name not in session.catalog.databases:
        raise session.catalog.unknown_database(session.source, path.span, str(path))
    session.catalog.current = name


def _database(session: Session, path: Path) -> tuple[str, str]:
    parts = [part.text for part in path.parts]
    if len(parts) > 2:
        raise session.source.error("syntax", f"`{path}` has more than two parts", path.span)
    if len(parts) == 2 and parts[0] != DEFAULT_CATALOG:
        raise session.source.error(
            "not-supported",
            f"the catalog `{parts[0]}` is not supported yet",
            path.parts[0].span,
            hint=f"There is one catalog, `{DEFAULT_CATALOG}`.",
        )
    return DEFAULT_CATALOG, parts[-1]
