"""Queries: WITH, SELECT, VALUES, set operations, ORDER BY and LIMIT."""

from __future__ import annotations

from tidemill.errors import Span
from tidemill.sql.dialect.tokens import TokenKind
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.expressions import parse_expression
from tidemill.sql.syntax.from_items import parse_from
from tidemill.sql.syntax.group_by import parse_group_by
from tidemill.sql.syntax.hints import parse_query_hints
from tidemill.sql.syntax.nodes import (
    CommonTable,
    Name,
    NamedWindow,
    Node,
    OrderedQuery,
    OrderItem,
    Path,
    Query,
    SelectItem,
    SelectQuery,
    SetQuery,
    Star,
    TableReference,
    UnionQuery,
    ValuesQuery,
    WithQuery,
)
from tidemill.sql.syntax.over import named_window, order_item
from tidemill.sql.text import cover

QUERY_STARTS = ("SELECT", "WITH", "VALUES", "TABLE", "(")


def parse_query(cursor: Cursor) -> Query:
    """Parse one whole query."""
    cursor.subquery = parse_query
    return cursor.nested(lambda: _query(cursor))


def _query(cursor: Cursor) -> Query:
    start = cursor.token.span
    if not cursor.take("WITH"):
        return _ordered(cursor)
    if cursor.at("RECURSIVE"):
        raise cursor.unsupported("WITH RECURSIVE")
    tables = cursor.listed(lambda: _common_table(cursor))
    body = _ordered(cursor)
    return WithQuery(tables, body, cursor.since(start))


def _common_table(cursor: Cursor) -> CommonTable:
    name = cursor.name("the name of a common table")
    columns: tuple[Name, ...] = ()
    if cursor.at("("):
        columns = cursor.parenthesised(lambda: cursor.name("a column name"))
    cursor.expect("AS")
    cursor.expect("(")
    query = parse_query(cursor)
    cursor.expect(")")
    return CommonTable(name, columns, query)


def _ordered(cursor: Cursor) -> Query:
    start = cursor.token.span
    body = _union(cursor)
    at = cursor.token.span
    order_by: tuple[OrderItem, ...] = ()
    if cursor.take("ORDER"):
        cursor.expect("BY")
        order_by = cursor.listed(lambda: order_item(cursor, parse_expression))
    limit, offset = _limits(cursor)
    if not order_by and limit is None and not offset:
        return body
    return OrderedQuery(body, order_by, limit, offset, cursor.since(start), at)


def _limits(cursor: Cursor) -> tuple[int | None, int]:
    limit, offset = None, 0
    if cursor.take("LIMIT") and not cursor.take("ALL"):
        limit = cursor.whole_number()
        if cursor.take(","):
            offset, limit = limit, cursor.whole_number()
    if cursor.take("OFFSET"):
        offset = cursor.whole_number()
        if not cursor.take("ROWS"):
            cursor.take("ROW")
    if cursor.take("FETCH"):
        if not cursor.take("FIRST"):
            cursor.expect("NEXT")
        limit = cursor.whole_number()
        if not cursor.take("ROWS"):
            cursor.expect("ROW")
        cursor.expect("ONLY")
    return limit, offset


def _union(cursor: Cursor) -> Query:
    """UNION and EXCEPT from left to right, over INTERSECT, which binds closer."""
    start = cursor.token.span
    left = _intersection(cursor)
    whole = False  # whether `left` is a UNION ALL of this level, which takes one more input
    while cursor.at_any("UNION", "EXCEPT", "MINUS"):
        operator, keeps_all = _set_operator(cursor)
        right = _intersection(cursor)
        span = cursor.since(start)
        if operator == "UNION" and keeps_all:
            inputs = left.inputs if whole and isinstance(left, UnionQuery) else (left,)
            left = UnionQuery((*inputs, right), span)
        else:
            left = SetQuery(operator, keeps_all, (left, right), span)
        whole = isinstance(left, UnionQuery)
    return left


def _intersection(cursor: Cursor) -> Query:
    start = cursor.token.span
    left = _term(cursor)
    while cursor.at("INTERSECT"):
        operator, keeps_all = _set_operator(cursor)
        left = SetQuery(operator, keeps_all, (left, _term(cursor)), cursor.since(start))
    return left


def _set_operator(cursor: Cursor) -> tuple[str, bool]:
    """The operator, and whether it keeps duplicates."""
    if cursor.at("MINUS"):
        raise cursor.error("syntax", "MINUS is not Flink SQL", hint="Write EXCEPT.")
    operator = cursor.advance().upper
    keeps_all = cursor.take("ALL")
    if not keeps_all:
        cursor.take("DISTINCT")
    return operator, keeps_all


def _term(cursor: Cursor) -> Query:
    if cursor.at("("):
        cursor.advance()
        query = parse_query(cursor)
        cursor.expect(")")
        return query
    if cursor.at("VALUES"):
        return _values(cursor)
    if cursor.at("SELECT"):
        return cursor.nested(lambda: _select(cursor))
    if cursor.at("TABLE"):
        return _explicit_table(cursor)
    raise cursor.unexpected("a query (SELECT, VALUES, TABLE or WITH)")


def _explicit_table(cursor: Cursor) -> SelectQuery:
    """`TABLE name`: all its columns; as in Flink without hints, ORDER BY and LIMIT."""
    start = cursor.expect("TABLE").span
    path = cursor.path("a table name")
    span = cursor.since(start)
    if cursor.at_any("/*+", "ORDER", "LIMIT", "OFFSET", "FETCH"):
        raise cursor.unsupported(
            f"{cursor.token.upper} behind TABLE {path}", hint="Write SELECT * FROM it."
        )
    table = TableReference(path, (), None, path.span)
    return SelectQuery(None, (SelectItem(Star(None, span), None),), table, None, None, None, span)


def _values(cursor: Cursor) -> ValuesQuery:
    start = cursor.expect("VALUES").span
    rows: list[tuple[Node, ...]] = []
    spans: list[Span] = []

    def row() -> None:
        first = cursor.token.span
        if cursor.at("ROW", "("):
            cursor.advance()
        if cursor.at("("):
            rows.append(cursor.parenthesised(lambda: parse_expression(cursor)))
        else:
            rows.append((parse_expression(cursor),))
        spans.append(cursor.since(first))

    cursor.listed(row)
    return ValuesQuery(tuple(rows), tuple(spans), cursor.since(start))


def _select(cursor: Cursor) -> SelectQuery:
    start = cursor.expect("SELECT").span
    hints = parse_query_hints(cursor)
    if cursor.at("STREAM"):
        raise cursor.error("syntax", "SELECT STREAM is not Flink SQL", hint="Leave STREAM out.")
    distinct = cursor.token.span if cursor.take("DISTINCT") else None
    if distinct is None:
        cursor.take("ALL")
    items = cursor.listed(lambda: _select_item(cursor))
    source = parse_from(cursor, parse_query) if cursor.take("FROM") else None
    where = parse_expression(cursor) if cursor.take("WHERE") else None
    group = parse_group_by(cursor)
    having = parse_expression(cursor) if cursor.take("HAVING") else None
    windows: tuple[NamedWindow, ...] = ()
    if cursor.take("WINDOW"):
        windows = cursor.listed(lambda: named_window(cursor, parse_expression))
    if cursor.at("QUALIFY"):
        raise cursor.unsupported(cursor.token.upper)
    span = cursor.since(start)
    return SelectQuery(
        distinct,
        items,
        source,
        where,
        group.keys,
        having,
        span,
        group.span,
        hints,
        group.sets,
        windows,
    )


def _select_item(cursor: Cursor) -> SelectItem:
    star = _star(cursor)
    if star is not None:
        if cursor.at_any("EXCEPT", "EXCLUDE", "REPLACE"):
            raise cursor.unsupported(f"* {cursor.token.upper}", hint="Name the columns.")
        return SelectItem(star, None)
    expression = parse_expression(cursor)
    if cursor.take("AS"):
        if cursor.token.kind is TokenKind.STRING:
            raise cursor.unexpected("a column name", hint="Names stand in backticks.")
        return SelectItem(expression, cursor.name("a column name"))
    if cursor.at_name():
        return SelectItem(expression, cursor.name())
    return SelectItem(expression, None)


def _star(cursor: Cursor) -> Star | None:
    if cursor.at("*"):
        return Star(None, cursor.advance().span)
    ahead = 0
    while cursor.peek(ahead).kind in (TokenKind.WORD, TokenKind.QUOTED):
        if cursor.peek(ahead + 1).upper != ".":
            return None
        ahead += 2
    if not ahead or cursor.peek(ahead).upper != "*":
        return None
    start = cursor.token.span
    parts = [cursor.name("a table name")]
    while cursor.take(".") and not cursor.at("*"):
        parts.append(cursor.name("a table name"))
    path = Path(tuple(parts), cover(parts[0].span, parts[-1].span))
    cursor.expect("*")
    return Star(path, cursor.since(start))
