"""What stands in FROM: tables with hints and aliases, derived tables, window table functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from tidemill.errors import Span
from tidemill.sql.dialect.tokens import TokenKind
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.expressions import parse_expression
from tidemill.sql.syntax.nodes import (
    DerivedTable,
    Descriptor,
    FromItem,
    Name,
    Path,
    Query,
    StringLiteral,
    TableAlias,
    TableReference,
    WindowArgument,
    WindowFunction,
)

ParseQuery: TypeAlias = Callable[[Cursor], Query]

WINDOW_FUNCTIONS = ("TUMBLE", "HOP", "CUMULATE", "SESSION")


def parse_from_item(cursor: Cursor, query: ParseQuery) -> FromItem:
    """Parse the one relation of a FROM clause."""
    if cursor.at_any("LATERAL", "UNNEST"):
        raise cursor.unsupported(cursor.token.upper)
    if cursor.at("TABLE", "("):
        return _window_function(cursor, query)
    if cursor.at("("):
        return _derived(cursor, query)
    if cursor.token.upper in WINDOW_FUNCTIONS and cursor.peek().upper == "(":
        return _window_call(cursor, query, cursor.token.span)
    if cursor.at_name() and cursor.peek().upper == "(":
        raise cursor.unsupported(
            f"the table function {cursor.token.text}",
            hint="A window table function is written TABLE(TUMBLE(...)).",
        )
    return _table(cursor)


def _table(cursor: Cursor, *, with_alias: bool = True) -> TableReference:
    path = cursor.path("a table name")
    options = parse_options_hint(cursor)
    if cursor.at("FOR", "SYSTEM_TIME"):
        raise cursor.unsupported("FOR SYSTEM_TIME AS OF")
    for word in ("TABLESAMPLE", "MATCH_RECOGNIZE", "PIVOT", "UNPIVOT"):
        if cursor.at(word):
            raise cursor.unsupported(word)
    alias = _alias(cursor) if with_alias else None
    return TableReference(path, options, alias, cursor.since(path.span))


def parse_options_hint(cursor: Cursor) -> tuple[tuple[StringLiteral, StringLiteral], ...]:
    """Parse `/*+ OPTIONS('k' = 'v', ...) */` where it stands."""
    if not cursor.take("/*+"):
        return ()
    if not cursor.at("OPTIONS"):
        raise cursor.unsupported(f"the hint {cursor.token.text}", hint="OPTIONS is supported.")
    cursor.advance()
    options = cursor.parenthesised(lambda: parse_option(cursor))
    cursor.expect("*/")
    return options


def parse_option(cursor: Cursor) -> tuple[StringLiteral, StringLiteral]:
    """Parse `'key' = 'value'`."""
    key = cursor.string("an option's key")
    cursor.expect("=")
    if cursor.token.kind in (TokenKind.WORD, TokenKind.NUMBER):
        raise cursor.unexpected("an option's value", hint="Option values stand in single quotes.")
    return key, cursor.string("an option's value")


def _alias(cursor: Cursor) -> TableAlias | None:
    if cursor.take("AS"):
        name = cursor.name("an alias")
    elif cursor.at_name():
        name = cursor.name()
    else:
        return None
    columns: tuple[Name, ...] = ()
    if cursor.at("("):
        columns = cursor.parenthesised(lambda: cursor.name("a column name"))
    return TableAlias(name, columns)


def _derived(cursor: Cursor, query: ParseQuery) -> DerivedTable:
    start = cursor.expect("(").span
    if not cursor.at_any("SELECT", "WITH", "VALUES", "("):
        raise cursor.unexpected("a query", hint="Joins in parentheses are not supported yet.")
    inner = query(cursor)
    cursor.expect(")")
    return DerivedTable(inner, _alias(cursor), cursor.since(start))


def _window_function(cursor: Cursor, query: ParseQuery) -> WindowFunction:
    start = cursor.expect("TABLE").span
    cursor.expect("(")
    call = _window_call(cursor, query, start, with_alias=False)
    cursor.expect(")")
    return replace(call, alias=_alias(cursor), span=cursor.since(start))


def _window_call(
    cursor: Cursor, query: ParseQuery, start: Span, *, with_alias: bool = True
) -> WindowFunction:
    token = cursor.token
    if token.kind not in (TokenKind.WORD, TokenKind.QUOTED):
        raise cursor.unexpected("a table function such as TUMBLE")
    cursor.advance()
    function = Name(token.text, token.span)
    cursor.expect("(")
    partition: list[Path] = []
    arguments = cursor.listed(lambda: _window_argument(cursor, query, partition))
    cursor.expect(")")
    alias = _alias(cursor) if with_alias else None
    return WindowFunction(function, arguments, tuple(partition), alias, cursor.since(start))


def _window_argument(cursor: Cursor, query: ParseQuery, partition: list[Path]) -> WindowArgument:
    start = cursor.token.span
    name: Name | None = None
    if cursor.peek().upper == "=>":
        name = cursor.name("an argument's name")
        cursor.advance()
    if cursor.at("TABLE", "("):
        cursor.advance()
        return WindowArgument(name, _derived(cursor, query), cursor.since(start))
    if cursor.take("TABLE"):
        table = _table(cursor, with_alias=False)
        _partition_by(cursor, partition)
        return WindowArgument(name, table, cursor.since(start))
    if cursor.at("(") and cursor.peek().upper in ("SELECT", "WITH"):
        return WindowArgument(name, _derived(cursor, query), cursor.since(start))
    if cursor.at("DESCRIPTOR"):
        at = cursor.advance().span
        columns = cursor.parenthesised(lambda: cursor.path("a column name"))
        return WindowArgument(name, Descriptor(columns, cursor.since(at)), cursor.since(start))
    return WindowArgument(name, parse_expression(cursor), cursor.since(start))


def _partition_by(cursor: Cursor, partition: list[Path]) -> None:
    if not cursor.take("PARTITION"):
        return
    cursor.expect("BY")
    if cursor.at("("):
        partition.extend(cursor.parenthesised(lambda: cursor.path("a column name")))
        return
    partition.append(cursor.path("a column name"))
    while (
        cursor.at(",")
        and cursor.peek(2).upper in (",", ")")
        and cursor.peek(1).upper != "DESCRIPTOR"
    ):
        cursor.advance()
        partition.append(cursor.path("a column name"))
