"""What stands in FROM: tables with hints and aliases, derived tables, window functions, joins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from tidemill.errors import Span
from tidemill.sql.dialect.tokens import TokenKind
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.expressions import parse_expression
from tidemill.sql.syntax.joins import parse_join_words
from tidemill.sql.syntax.match_recognize import parse_match_recognize, refused
from tidemill.sql.syntax.nodes import (
    DerivedTable,
    Descriptor,
    FromItem,
    FunctionCall,
    JoinedTable,
    LateralFunction,
    ModelReference,
    Name,
    Node,
    Path,
    Query,
    StringLiteral,
    TableAlias,
    TableReference,
    UnnestedTable,
    WindowArgument,
    WindowFunction,
)

ParseQuery: TypeAlias = Callable[[Cursor], Query]

WINDOW_FUNCTIONS = ("TUMBLE", "HOP", "CUMULATE", "SESSION")


def parse_from(cursor: Cursor, query: ParseQuery) -> FromItem:
    """Parse the relations of a FROM clause; a comma binds less tightly than JOIN."""
    left = _joined(cursor, query)
    while cursor.at(","):
        at = cursor.advance().span
        right = _joined(cursor, query)
        left = JoinedTable(left, right, "CROSS", False, None, (), cursor.since(left.span), at)
    return left


def _joined(cursor: Cursor, query: ParseQuery) -> FromItem:
    left = parse_from_item(cursor, query)
    while (found := parse_join_words(cursor)) is not None:
        kind, natural, at = found
        right = parse_from_item(cursor, query)
        on, using = _join_condition(cursor, kind, natural, at)
        span = cursor.since(left.span)
        left = JoinedTable(left, right, kind, natural, on, using, span, at)
    return left


def _join_condition(
    cursor: Cursor, kind: str, natural: bool, at: Span
) -> tuple[Node | None, tuple[Name, ...]]:
    place = cursor.token.span
    on = parse_expression(cursor) if cursor.take("ON") else None
    using: tuple[Name, ...] = ()
    if on is None and cursor.take("USING"):
        using = cursor.parenthesised(lambda: cursor.name("a column name"))
    given = on is not None or bool(using)
    if kind == "CROSS" and (given or natural):
        raise cursor.error(
            "syntax", "CROSS JOIN takes no condition", place if given else at, "Write JOIN ... ON."
        )
    if natural and given:
        raise cursor.error("syntax", "NATURAL JOIN takes no ON or USING", place)
    if kind != "CROSS" and not natural and not given:
        raise cursor.error(
            "syntax",
            f"expected ON or USING after {kind} JOIN, found {cursor.token.shown()}",
            hint="A join of every row with every other is written CROSS JOIN.",
        )
    return on, using


def parse_from_item(cursor: Cursor, query: ParseQuery) -> FromItem:
    """Parse one relation of a FROM clause."""
    if cursor.at("LATERAL", "UNNEST"):
        cursor.advance()
    if cursor.at("UNNEST"):
        return _unnest(cursor)
    if cursor.at("LATERAL", "TABLE", "("):
        return _lateral_function(cursor)
    if cursor.at("LATERAL"):
        raise cursor.unsupported(
            "LATERAL with a query", hint="LATERAL TABLE(f(...)) and UNNEST are."
        )
    if cursor.at("TABLE", "("):
        return _window_function(cursor, query)
    if cursor.at("("):
        if not _at_query(cursor):
            return cursor.nested(lambda: _parenthesised_join(cursor, query))
        return _matched(cursor, _derived(cursor, query))
    if cursor.token.upper in (*WINDOW_FUNCTIONS, "ML_PREDICT") and cursor.peek().upper == "(":
        return _window_call(cursor, query, cursor.token.span)
    if cursor.at_name() and cursor.peek().upper == "(":
        raise cursor.unsupported(
            f"the table function {cursor.token.text}",
            hint="A window table function is written TABLE(TUMBLE(...)).",
        )
    return _matched(cursor, _table(cursor))


def _table(cursor: Cursor, *, with_alias: bool = True) -> TableReference:
    path = cursor.path("a table name")
    options = parse_options_hint(cursor)
    as_of: Node | None = None
    if cursor.take("FOR", "SYSTEM_TIME"):
        cursor.expect("AS")
        cursor.expect("OF")
        as_of = parse_expression(cursor)
    for word in ("TABLESAMPLE", "PIVOT", "UNPIVOT"):
        if cursor.at(word):
            raise cursor.unsupported(word)
    alias = _alias(cursor) if with_alias else None
    return TableReference(path, options, alias, cursor.since(path.span), as_of)


def _matched(cursor: Cursor, table: TableReference | DerivedTable) -> FromItem:
    """The table, or the matches in it where MATCH_RECOGNIZE follows; Flink names the matches."""
    if not cursor.at("MATCH_RECOGNIZE"):
        return table
    if table.alias is not None:
        raise cursor.error(
            "syntax",
            "an alias stands behind MATCH_RECOGNIZE (...), not before it",
            table.alias.name.span,
            "FROM t MATCH_RECOGNIZE (...) AS m",
        )
    matches = parse_match_recognize(cursor, table)
    alias = _alias(cursor)
    if alias is not None and alias.columns:
        raise refused(
            cursor,
            "columns named by an alias",
            "Name them in MEASURES, or in the SELECT list.",
            alias.columns[0].span,
        )
    return replace(matches, alias=alias)


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


_AFTER_QUERY = (")", "UNION", "EXCEPT", "INTERSECT", "MINUS", "ORDER", "LIMIT", "OFFSET", "FETCH")


def _at_query(cursor: Cursor) -> bool:
    """Whether the parenthesis here holds a query, and not a join."""
    opened = 0
    while cursor.peek(opened).upper == "(":
        opened += 1
    first = cursor.peek(opened).upper
    table = first == "TABLE" and cursor.peek(opened + 1).upper != "("
    if first not in ("SELECT", "WITH", "VALUES") and not table:
        return False
    ahead, depth = opened, opened
    while depth > 1:
        word = cursor.peek(ahead)
        if word.kind is TokenKind.END:
            return False
        ahead += 1
        if word.upper == "(":
            depth += 1
        elif word.upper == ")":
            depth -= 1
            if depth < opened and cursor.peek(ahead).upper not in _AFTER_QUERY:
                return False
            opened = min(opened, depth)
    return True


def _parenthesised_join(cursor: Cursor, query: ParseQuery) -> FromItem:
    cursor.expect("(")
    if not cursor.at_name() and not cursor.at_any("(", "TABLE", "LATERAL", "UNNEST"):
        raise cursor.unexpected("a query or a join")
    item = parse_from(cursor, query)
    cursor.expect(")")
    return item


def _derived(cursor: Cursor, query: ParseQuery) -> DerivedTable:
    start = cursor.expect("(").span
    if not cursor.at_any("SELECT", "WITH", "VALUES", "TABLE", "("):
        raise cursor.unexpected("a query")
    inner = query(cursor)
    cursor.expect(")")
    return DerivedTable(inner, _alias(cursor), cursor.since(start))


def _unnest(cursor: Cursor) -> UnnestedTable:
    start = cursor.expect("UNNEST").span
    arguments = cursor.parenthesised(lambda: parse_expression(cursor))
    if len(arguments) > 1:
        raise cursor.unsupported(
            "UNNEST of several collections",
            cursor.since(start),
            "Unnest one after the other, or WITH ORDINALITY and compare the places.",
        )
    ordinality = cursor.take("WITH", "ORDINALITY")
    alias = _alias(cursor)
    return UnnestedTable(arguments[0], ordinality, alias, cursor.since(start))


def _lateral_function(cursor: Cursor) -> LateralFunction:
    start = cursor.token.span
    cursor.expect("LATERAL", "TABLE", "(")
    call = parse_expression(cursor)
    if not isinstance(call, FunctionCall):
        raise cursor.error("syntax", "LATERAL TABLE takes the call of a function", call.span)
    cursor.expect(")")
    return LateralFunction(call, _alias(cursor), cursor.since(start))


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
    if cursor.at("MODEL") and cursor.peek().kind in (TokenKind.WORD, TokenKind.QUOTED):
        cursor.advance()
        path = cursor.path("a model's name")
        return WindowArgument(name, ModelReference(path, path.span), cursor.since(start))
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
