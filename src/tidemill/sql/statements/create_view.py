"""CREATE [TEMPORARY] VIEW."""

from __future__ import annotations

from dataclasses import replace

from tidemill.sql.binder.query import bind_query
from tidemill.sql.binder.renaming import rename_columns
from tidemill.sql.binder.values import one_row
from tidemill.sql.catalog import View
from tidemill.sql.session import Session
from tidemill.sql.statements.context import bind_context
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.nodes import Name, Path, Query
from tidemill.sql.syntax.queries import parse_query


def run_create_view(
    session: Session, cursor: Cursor, temporary: bool, replaces: bool = False
) -> None:
    """Read the statement behind CREATE [TEMPORARY] VIEW and declare the view."""
    if_not_exists = cursor.take("IF", "NOT", "EXISTS")
    path = cursor.path("a view name")
    name = session.catalog.full_name(session.source, path)
    with session.poisoning(name):
        columns: tuple[Name, ...] = ()
        if cursor.at("("):
            columns = cursor.parenthesised(lambda: _column(cursor))
        comment = cursor.string("a comment").value if cursor.take("COMMENT") else None
        cursor.expect("AS")
        query = parse_query(cursor)
        cursor.done()
        session.refuse_on_server(path, name, temporary)
        if session.declared(path, name, if_not_exists, replaces):
            return
        declared = View(name, one_row(), temporary, query.span, comment)
        session.catalog.entries[name] = bind_view(session, declared, query, path, columns)


def bind_view(
    session: Session, view: View, query: Query, path: Path, columns: tuple[Name, ...] = ()
) -> View:
    """The view with another query; SqlError where two of its columns have one name."""
    context = bind_context(session)
    node = rename_columns(context, bind_query(context, query), columns, path.span)
    names = [field.name for field in node.fields]
    double = next((n for i, n in enumerate(names) if n in names[:i]), None)
    if double is not None:
        raise session.source.error(
            "duplicate-column",
            f"the view `{path}` has two columns named `{double}`",
            path.span,
            hint="Give one of them another name with AS.",
        )
    return replace(view, node=node, query=query.span)


def _column(cursor: Cursor) -> Name:
    name = cursor.name("a column name")
    if cursor.take("COMMENT"):
        cursor.string("a comment")
    return name
