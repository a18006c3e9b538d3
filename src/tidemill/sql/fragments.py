"""Pieces of SQL that a program hands in: one expression, or one item of a select list.

Guarantees: what passes is exactly one piece, so it cannot end the statement that it is put into or
add a clause to it. Names and types are checked later, when the whole statement is bound.
"""

from __future__ import annotations

from tidemill.sql.dialect.tokens import tokenize
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.expressions import parse_expression
from tidemill.sql.text import SourceText


def check_expression(text: str) -> None:
    """Refuse a text that is not one expression, with a SqlError that points into it."""
    cursor = _cursor(text)
    parse_expression(cursor)
    cursor.done()


def split_alias(text: str) -> tuple[str, str | None]:
    """An expression, and its name where the text ends with `AS name`."""
    cursor = _cursor(text)
    start = cursor.token.span
    parse_expression(cursor)
    expression = cursor.source.slice(cursor.since(start))
    alias = cursor.name("a column name").text if cursor.take("AS") else None
    cursor.done()
    return expression, alias


def _cursor(text: str) -> Cursor:
    source = SourceText("<expression>", text)
    return Cursor(source, list(tokenize(source)), len(text))
