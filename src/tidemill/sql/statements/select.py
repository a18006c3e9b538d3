"""A bare query: its rows go to the caller."""

from __future__ import annotations

from collections.abc import Sequence

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
    names = unique_names([field.name for field in fields])
    return Schema(tuple(Column(n, field.type) for n, field in zip(names, fields, strict=True)))


def unique_names(names: Sequence[str]) -> list[str]:
    """The names, each once: a second `a` becomes `a0`, as in Flink."""
    seen: set[str] = set()
    unique: list[str] = []
    for given in names:
        name, number = given, 0
        while name in seen or (name != given and name in names):
            name, number = f"{given}{number}", number + 1
        seen.add(name)
        unique.append(name)
    return unique
