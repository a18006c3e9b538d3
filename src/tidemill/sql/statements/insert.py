"""INSERT INTO table [(columns)] query."""

from __future__ import annotations

from tidemill.errors import Span
from tidemill.sql.binder.insert import bind_insert
from tidemill.sql.binder.query import bind_query
from tidemill.sql.catalog import Table
from tidemill.sql.session import Session
from tidemill.sql.statements.context import bind_context
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.from_items import parse_options_hint
from tidemill.sql.syntax.nodes import Name, Path
from tidemill.sql.syntax.queries import parse_query


def run_insert(session: Session, cursor: Cursor) -> None:
    """Read the statement from INSERT on and add it to the job."""
    start = cursor.expect("INSERT").span
    if cursor.at("OVERWRITE"):
        raise cursor.unsupported("INSERT OVERWRITE", hint="Write INSERT INTO.")
    cursor.expect("INTO")
    path = cursor.path("a table name")
    options = parse_options_hint(cursor)
    if cursor.at("PARTITION"):
        raise cursor.unsupported("INSERT INTO ... PARTITION", hint="Select the columns' values.")
    columns = _columns(cursor)
    query_start = cursor.token.span
    query = parse_query(cursor)
    span = cursor.since(query_start)
    if cursor.at("ON"):
        raise cursor.unsupported("ON CONFLICT")
    cursor.done()
    context = bind_context(session)
    table = _sink(session, path)
    node = bind_query(context, query, top=True)
    if options:
        table = context.with_options(table, options)
    names = tuple(columns) if columns is not None else None
    place = path.span if query_start.start > path.span.start else Span(start.start, span.end)
    session.inserts.append(bind_insert(context, table, names, node, place))


def _columns(cursor: Cursor) -> tuple[Name, ...] | None:
    if not cursor.at("(") or cursor.peek().upper in ("SELECT", "WITH", "VALUES", "("):
        return None
    return cursor.parenthesised(lambda: cursor.name("a column name"))


def _sink(session: Session, path: Path) -> Table:
    entry = session.catalog.find(session.source, path)
    if not isinstance(entry, Table):
        raise session.source.error(
            "not-a-sink",
            f"`{path}` is a view, and a view cannot be written",
            path.span,
            hint="INSERT INTO a table.",
        )
    if entry.connector.commit_group is None:
        raise session.source.error(
            "not-a-sink",
            f"`{path}` cannot be written: the connector `{entry.connector.name}` has no sink",
            path.span,
        )
    return entry
