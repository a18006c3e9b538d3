"""Expressions, by operator precedence as in Calcite.

From loose to tight: OR, AND, NOT, IS, comparisons with BETWEEN, IN and LIKE, `+ -`, `* / % ||`,
unary signs, then `.field` and `[index]`.
"""

from __future__ import annotations

from tidemill.errors import Span
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.levels import ADD, AND, COMPARE, IS, MULTIPLY, NOT, OR, RANGE, UNARY
from tidemill.sql.syntax.nodes import Node, Operation, StringLiteral, Subquery
from tidemill.sql.syntax.primary import parse_primary
from tidemill.sql.text import cover

_BINARY: dict[str, tuple[int, str]] = {
    "OR": (OR, "OR"),
    "AND": (AND, "AND"),
    "=": (COMPARE, "EQUALS"),
    "<>": (COMPARE, "NOT_EQUALS"),
    "<": (COMPARE, "LESS_THAN"),
    "<=": (COMPARE, "LESS_THAN_OR_EQUAL"),
    ">": (COMPARE, "GREATER_THAN"),
    ">=": (COMPARE, "GREATER_THAN_OR_EQUAL"),
    "+": (ADD, "PLUS"),
    "-": (ADD, "MINUS"),
    "*": (MULTIPLY, "TIMES"),
    "/": (MULTIPLY, "DIVIDE"),
    "%": (MULTIPLY, "MOD"),
    "||": (MULTIPLY, "CONCAT_OPERATOR"),
}
CHAIN_MAX = 100
"""How many operators may follow one another without parentheses (AND and OR do not count)."""

_LEFT_DEEP_MAX = 16
_IS_TESTS = ("NULL", "TRUE", "FALSE", "UNKNOWN")
_NOT_FLINK = {
    "!=": "Flink writes `<>`.",
    "::": "Flink writes CAST(value AS type).",
    ":": "Flink writes CAST(value AS type), and `a.b` or `a['b']` for parts.",
}
_REFUSED = {
    "COLLATE": "COLLATE",
    "CONTAINS": "CONTAINS",
    "MEMBER": "MEMBER OF",
    "SUBMULTISET": "SUBMULTISET OF",
    "MULTISET": "MULTISET operators",
}


def parse_expression(cursor: Cursor, level: int = OR) -> Node:
    """Parse one expression whose operators bind at `level` or tighter."""
    return cursor.nested(lambda: _parse(cursor, level))


def _parse(cursor: Cursor, level: int) -> Node:
    left = _prefix(cursor, level)
    for _ in range(CHAIN_MAX):
        extended = _extend(cursor, left, level)
        if extended is None:
            return left
        left = extended
    raise cursor.error("too-deep", f"more than {CHAIN_MAX} operators in a row")


def _prefix(cursor: Cursor, level: int) -> Node:
    token = cursor.token
    if token.upper == "NOT":
        cursor.advance()
        argument = parse_expression(cursor, NOT)
        return Operation("NOT", (argument,), cover(token.span, argument.span), token.span)
    if token.upper in ("-", "+"):
        cursor.advance()
        argument = parse_expression(cursor, UNARY)
        if token.upper == "+":
            return argument
        return Operation("NEGATE", (argument,), cover(token.span, argument.span), token.span)
    return parse_primary(cursor, parse_expression)


def _extend(cursor: Cursor, left: Node, level: int) -> Node | None:
    """One more operator after `left`, or None where no operator of this level follows."""
    token = cursor.token
    if token.upper in _NOT_FLINK:
        shown = "::" if cursor.at(":", ":") else token.text
        raise cursor.error("syntax", f"unexpected `{shown}`", hint=_NOT_FLINK[shown])
    if token.upper in _REFUSED:
        raise cursor.unsupported(_REFUSED[token.upper])
    if token.upper in _BINARY:
        return _binary(cursor, left, level)
    if token.upper == "IS" and level <= IS:
        return _is_test(cursor, left)
    if token.upper == "OVERLAPS" and level <= COMPARE:
        return _overlaps(cursor, left)
    if level <= RANGE:
        return _range_test(cursor, left)
    return None


def _overlaps(cursor: Cursor, left: Node) -> Node:
    """Two rows of two: (start, end or interval) OVERLAPS (start, end or interval)."""
    at = cursor.advance().span
    right = parse_expression(cursor, ADD)
    pairs = (left, right)
    for pair in pairs:
        if not isinstance(pair, Operation) or pair.operator != "ROW" or len(pair.arguments) != 2:
            raise cursor.error(
                "syntax",
                "OVERLAPS stands between two pairs",
                pair.span,
                hint="Write (start, end) OVERLAPS (start, INTERVAL '1' HOUR).",
            )
    arguments = tuple(a for pair in pairs if isinstance(pair, Operation) for a in pair.arguments)
    return Operation("OVERLAPS", arguments, cover(left.span, right.span), at)


def _binary(cursor: Cursor, left: Node, level: int) -> Node | None:
    token = cursor.token
    binding, operator = _BINARY[token.upper]
    if binding < level:
        return None
    if operator in ("AND", "OR"):
        return _connected(cursor, left, token.upper, binding)
    cursor.advance()
    if operator in _OPPOSITE and cursor.at_any("ALL", "ANY", "SOME") and cursor.peek().upper == "(":
        return _quantified(cursor, left, operator)
    right = parse_expression(cursor, binding + 1)
    return Operation(operator, (left, right), cover(left.span, right.span), token.span)


_OPPOSITE = {
    "EQUALS": "NOT_EQUALS",
    "NOT_EQUALS": "EQUALS",
    "LESS_THAN": "GREATER_THAN_OR_EQUAL",
    "LESS_THAN_OR_EQUAL": "GREATER_THAN",
    "GREATER_THAN": "LESS_THAN_OR_EQUAL",
    "GREATER_THAN_OR_EQUAL": "LESS_THAN",
}


def _quantified(cursor: Cursor, left: Node, operator: str) -> Node:
    """`a < ANY (SELECT ...)`; `a < ALL` is that no value is found for which it is not so."""
    word = cursor.advance()
    cursor.expect("(")
    if not cursor.at_any("SELECT", "WITH", "VALUES", "TABLE"):
        raise cursor.unsupported(
            f"{word.upper} of a list", word.span, "Write the comparisons with AND or OR, or IN."
        )
    query = cursor.parse_subquery()
    cursor.expect(")")
    every = word.upper == "ALL"
    span = cursor.since(left.span)
    comparison = _OPPOSITE[operator] if every else operator
    return Subquery("IN", (left,), query, span, every, comparison)


def _connected(cursor: Cursor, left: Node, word: str, binding: int) -> Node:
    """A run of one of AND and OR, as a balanced tree: a long run must not nest deeply."""
    parts, places = [left], []
    while cursor.at(word):
        places.append(cursor.advance().span)
        parts.append(parse_expression(cursor, binding + 1))
    return _balanced(word, parts, places)


def _balanced(word: str, parts: list[Node], places: list[Span]) -> Node:
    if len(parts) == 1:
        return parts[0]
    half = (len(parts) + 1) // 2 if len(parts) > _LEFT_DEEP_MAX else len(parts) - 1
    left = _balanced(word, parts[:half], places[: half - 1])
    right = _balanced(word, parts[half:], places[half:])
    return Operation(word, (left, right), cover(left.span, right.span), places[half - 1])


def _is_test(cursor: Cursor, left: Node) -> Node:
    at = cursor.advance().span
    negated = cursor.take("NOT")
    prefix = "IS_NOT_" if negated else "IS_"
    if cursor.take("DISTINCT", "FROM"):
        right = parse_expression(cursor, RANGE)
        name = prefix + "DISTINCT_FROM"
        return Operation(name, (left, right), cover(left.span, right.span), at)
    if cursor.take("JSON"):
        kind = StringLiteral("VALUE", cursor.previous.span)
        if cursor.at_any("VALUE", "SCALAR", "ARRAY", "OBJECT"):
            kind = StringLiteral(cursor.advance().upper, cursor.previous.span)
        return Operation(prefix + "JSON", (left, kind), cursor.since(left.span), cursor.since(at))
    for word in _IS_TESTS:
        if cursor.take(word):
            return Operation(prefix + word, (left,), cursor.since(left.span), cursor.since(at))
    raise cursor.unexpected("NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM after IS")


def _range_test(cursor: Cursor, left: Node) -> Node | None:
    start = cursor.token
    ahead = cursor.peek(1) if start.upper == "NOT" else start
    if ahead.upper not in ("BETWEEN", "IN", "LIKE", "SIMILAR", "RLIKE", "ILIKE"):
        return None
    negated = cursor.take("NOT")
    prefix = "NOT_" if negated else ""
    word = cursor.advance().upper
    if word == "BETWEEN":
        return _between(cursor, left, prefix)
    if word == "IN":
        return _in(cursor, left, prefix)
    at = cursor.since(start.span)
    if word in ("RLIKE", "ILIKE"):
        raise cursor.unsupported(
            word, at, "Use REGEXP(value, pattern), or LOWER(value) LIKE '...'."
        )
    if word == "SIMILAR":
        cursor.expect("TO")
    pattern = parse_expression(cursor, ADD)
    arguments: tuple[Node, ...] = (left, pattern)
    if cursor.take("ESCAPE"):
        arguments = (*arguments, parse_expression(cursor, ADD))
    name = prefix + ("SIMILAR_TO" if word == "SIMILAR" else "LIKE")
    return Operation(name, arguments, cursor.since(left.span), at)


def _between(cursor: Cursor, left: Node, prefix: str) -> Node:
    at = cursor.previous.span
    prefix += "SYMMETRIC_" if cursor.take("SYMMETRIC") else ""
    cursor.take("ASYMMETRIC")
    low = parse_expression(cursor, ADD)
    cursor.expect("AND")
    high = parse_expression(cursor, ADD)
    return Operation(prefix + "BETWEEN", (left, low, high), cover(left.span, high.span), at)


def _in(cursor: Cursor, left: Node, prefix: str) -> Node:
    at = cursor.previous.span
    if cursor.at("(") and cursor.peek().upper in ("SELECT", "WITH", "VALUES", "TABLE"):
        cursor.expect("(")
        query = cursor.parse_subquery()
        cursor.expect(")")
        row = isinstance(left, Operation) and left.operator == "ROW"
        values = left.arguments if row and isinstance(left, Operation) else (left,)
        return Subquery("IN", values, query, cursor.since(left.span), bool(prefix))
    items = cursor.parenthesised(lambda: parse_expression(cursor))
    return Operation(prefix + "IN", (left, *items), cursor.since(left.span), at)
