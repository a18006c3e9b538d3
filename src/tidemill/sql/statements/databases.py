"""CREATE DATABASE and DROP DATABASE."""

from __future__ import annotations

from tidemill.sql.session import Session
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.from_items import parse_option


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
    name = session.catalog.database(session.source, path)
    server = session.catalog.catalogs[name[0]].server
    if server is None or server.new_table(name[1], "any") is None:
        session.refuse_on_server(path, (*name, ""), temporary=False)
    if name in session.catalog.databases and not if_not_exists:
        raise session.source.error(
            "table-exists", f"the database `{path}` is there already", path.span
        )
    session.catalog.databases.add(name)


def run_drop_database(session: Session, cursor: Cursor) -> None:
    """Read the statement behind DROP DATABASE; with tables in it, it takes CASCADE."""
    if_exists = cursor.take("IF", "EXISTS")
    path = cursor.path("a database name")
    cascade = cursor.take("CASCADE")
    if not cascade:
        cursor.take("RESTRICT")
    cursor.done()
    name = session.catalog.database(session.source, path)
    if name not in session.catalog.databases and if_exists:
        return
    session.catalog.known_database(session.source, path)
    session.refuse_on_server(path, (*name, ""), temporary=False)
    inside = [full for full in session.catalog.entries if full[:2] == name]
    if name == session.catalog.current or (inside and not cascade):
        why = "in use" if name == session.catalog.current else "not empty"
        raise session.source.error(
            "wrong-kind",
            f"the database `{path}` is {why} and cannot be dropped",
            path.span,
            hint="USE another one before." if why == "in use" else "Write CASCADE behind it.",
        )
    for full in inside:
        del session.catalog.entries[full]
    session.catalog.databases.discard(name)
