"""A bare query: its rows go to the caller."""

from __future__ import annotations

from tidemill.model import Column, Schema
from tidemill.sql.binder.query import bind_query
from tidemill.sql.logical import Fields, Select
from tidemill.sql.session import Session
from tidemill.sql.statements.context import bind_context
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.queries import parse_query


def run_select(session: Session, cursor: Cursor) -> None:
    """Read a query and add it to the script's selects."""
    start = cursor.token.span
    query = parse_query(cursor)
    span = cursor.since(start)
    cursor.done()
    node = bind_query(bind_context(session), query, top=True)
    session.selects.append(Select(node, _schema(node.fields), session.source.where(span)))


def _schema(fields: Fields) -> Schema:
    """The columns with unique names: a second `a` becomes `a0`, as in Flink."""
    taken = {field.name for field in fields}
    seen: set[str] = set()
    columns: list[Column] = []
    for field in fields:
        name, number = field.name, 0
        while name in seen or (name != field.name and name in taken):
            name, number = f"{field.name}{number}", number + 1
        seen.add(name)
        columns.append(Column(name, field.type))
    return Schema(tuple(columns))
