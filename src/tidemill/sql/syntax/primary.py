"""Literals, names, function calls, constructors, CASE and CAST."""

from __future__ import annotations

from tidemill.errors import Span
from tidemill.sql.dialect.tokens import TokenKind
from tidemill.sql.syntax.cursor import DEPTH_MAX, Cursor
from tidemill.sql.syntax.levels import ExpressionParser
from tidemill.sql.syntax.nodes import (
    BytesLiteral,
    CastNode,
    FieldAccess,
    FunctionCall,
    IntervalLiteral,
    Name,
    Node,
    NumberLiteral,
    Operation,
    Path,
    StringLiteral,
    Subquery,
    TimeLiteral,
    WordLiteral,
)
from tidemill.sql.syntax.over import over_clause
from tidemill.sql.syntax.special import SPECIAL_FORMS
from tidemill.sql.text import cover
from tidemill.sql.types import parse_type

_WITHOUT_PARENTHESES = frozenset(
    ("CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP")
)
_UNITS = ("YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND")
_NOT_CALLABLE = frozenset(
    [
        "SELECT",
        "FROM",
        "WHERE",
        "GROUP",
        "HAVING",
        "ORDER",
        "UNION",
        "EXCEPT",
        "INTERSECT",
        "JOIN",
        "ON",
        "AS",
        "AND",
        "OR",
        "NOT",
        "IN",
        "IS",
        "LIKE",
        "BETWEEN",
        "WHEN",
        "THEN",
        "ELSE",
        "END",
        "BY",
        "USING",
        "WITH",
        "VALUES",
        "TABLE",
        "LATERAL",
        "UNNEST",
        "INSERT",
        "INTO",
        "SET",
        "CREATE",
        "DISTINCT",
        "ALL",
        "ANY",
        "SOME",
    ]
)


def parse_primary(cursor: Cursor, expression: ExpressionParser) -> Node:
    """Parse one operand with the field and element accesses that follow it."""
    node = _operand(cursor, expression)
    for _ in range(DEPTH_MAX):
        if cursor.at("["):
            cursor.advance()
            index = expression(cursor)
            cursor.expect("]")
            span = cursor.since(node.span)
            node = Operation("ITEM", (node, index), span, span)
        elif cursor.at("."):
            cursor.advance()
            field = cursor.name("a field name")
            node = FieldAccess(node, field, cover(node.span, field.span))
        else:
            return node
    raise cursor.error("too-deep", f"more than {DEPTH_MAX} accesses in a row")


def _operand(cursor: Cursor, expression: ExpressionParser) -> Node:
    token = cursor.token
    if token.kind is TokenKind.NUMBER:
        cursor.advance()
        return NumberLiteral(token.text, token.span)
    if token.kind is TokenKind.STRING:
        return _string(cursor)
    if token.kind is TokenKind.HEX:
        cursor.advance()
        return BytesLiteral(token.text, token.span)
    if token.kind is TokenKind.QUOTED:
        return _name_or_call(cursor, expression)
    if token.upper == "(":
        return _parenthesised(cursor, expression)
    if token.kind is TokenKind.WORD:
        return _word(cursor, expression)
    raise cursor.unexpected("an expression", hint=_foreign_hint(token.text))


def _foreign_hint(text: str) -> str | None:
    if text == '"':
        return "Strings stand in single quotes, names in backticks."
    return "Parameters are not part of Flink SQL." if text in ("?", "@", "$") else None


def _string(cursor: Cursor) -> StringLiteral:
    first = cursor.advance()
    value, last = first.text, first
    while cursor.token.kind is TokenKind.STRING:
        between = cursor.source.text[last.span.end : cursor.token.span.start]
        if "\n" not in between:
            raise cursor.unexpected("an operator", hint="A quote inside a string is written ''.")
        last = cursor.advance()
        value += last.text
    return StringLiteral(value, cover(first.span, last.span))


def _parenthesised(cursor: Cursor, expression: ExpressionParser) -> Node:
    start = cursor.expect("(").span
    if cursor.at_any("SELECT", "WITH", "VALUES"):
        query = cursor.parse_subquery()
        cursor.expect(")")
        return Subquery("SCALAR", (), query, cursor.since(start))
    items = cursor.listed(lambda: expression(cursor))
    cursor.expect(")")
    if len(items) == 1:
        return items[0]
    span = cursor.since(start)
    return Operation("ROW", items, span, span)


def _word(cursor: Cursor, expression: ExpressionParser) -> Node:
    token = cursor.token
    word, ahead = token.upper, cursor.peek()
    if word in ("TRUE", "FALSE", "UNKNOWN", "NULL"):
        cursor.advance()
        return WordLiteral(word, token.span)
    if word in ("DATE", "TIME", "TIMESTAMP") and ahead.kind is TokenKind.STRING:
        cursor.advance()
        text = cursor.string()
        return TimeLiteral(word, text.value, cover(token.span, text.span))
    if word == "INTERVAL":
        return _interval(cursor)
    if word == "CASE":
        return _case(cursor, expression)
    if word in ("CAST", "TRY_CAST") and ahead.upper == "(":
        return _cast(cursor, expression)
    if word in ("ARRAY", "MAP") and ahead.upper == "[":
        return _constructor(cursor, expression)
    if word == "ROW" and ahead.upper == "(":
        return _row(cursor, expression)
    if word == "UNIQUE" and ahead.upper == "(":
        raise cursor.unsupported(f"{word} with a subquery")
    if word == "EXISTS" and ahead.upper == "(":
        return _exists(cursor)
    if word in ("MULTISET", "CURSOR") and ahead.upper in ("[", "("):
        raise cursor.unsupported(f"the {word} constructor")
    if word in _WITHOUT_PARENTHESES and ahead.upper != "(":
        cursor.advance()
        return FunctionCall(Name(token.text, token.span), (), token.span, bare=True)
    return _name_or_call(cursor, expression)


def _exists(cursor: Cursor) -> Node:
    start = cursor.expect("EXISTS").span
    cursor.expect("(")
    query = cursor.parse_subquery()
    cursor.expect(")")
    return Subquery("EXISTS", (), query, cursor.since(start))


def _name_or_call(cursor: Cursor, expression: ExpressionParser) -> Node:
    token = cursor.token
    callable_word = token.kind is TokenKind.QUOTED or token.upper not in _NOT_CALLABLE
    if callable_word and cursor.peek().upper == "(":
        cursor.advance()
        return _call(cursor, Name(token.text, token.span), expression)
    first = cursor.name("an expression")
    parts = [first]
    while cursor.at(".") and cursor.peek().kind in (TokenKind.WORD, TokenKind.QUOTED):
        word = cursor.peek()
        if cursor.peek(2).upper == "(":
            raise cursor.unsupported(
                "a function of a catalog", cover(first.span, word.span), "Use its plain name."
            )
        cursor.advance()
        parts.append(cursor.name("a column name"))
    return Path(tuple(parts), cover(first.span, parts[-1].span))


def _call(cursor: Cursor, name: Name, expression: ExpressionParser) -> Node:
    special = SPECIAL_FORMS.get(name.text.upper())
    cursor.expect("(")
    star, distinct = False, False
    arguments: tuple[Node, ...] = ()
    special_arguments = special(cursor, expression) if special is not None else None
    if special_arguments is not None:
        arguments = special_arguments
    elif cursor.at("*"):
        cursor.advance()
        star = True
    elif not cursor.at(")"):
        distinct = cursor.take("DISTINCT")
        if not distinct:
            cursor.take("ALL")
        if cursor.at_any("SELECT", "WITH"):
            raise cursor.unsupported("a subquery in an expression")
        arguments = cursor.listed(lambda: _argument(cursor, expression))
    if cursor.at_any("ORDER", "SEPARATOR", "RESPECT", "IGNORE", "LIMIT"):
        raise cursor.unsupported(f"{cursor.token.upper} inside an aggregate function")
    cursor.expect(")")
    return _call_suffix(cursor, name, arguments, star, distinct, expression)


def _argument(cursor: Cursor, expression: ExpressionParser) -> Node:
    if cursor.peek().upper == "=>":
        raise cursor.unsupported("a named argument", hint="Pass the arguments in their order.")
    return expression(cursor)


def _call_suffix(
    cursor: Cursor,
    name: Name,
    arguments: tuple[Node, ...],
    star: bool,
    distinct: bool,
    expression: ExpressionParser,
) -> FunctionCall:
    condition: Node | None = None
    for words in (
        ("WITHIN", "GROUP"),
        ("WITHIN", "DISTINCT"),
        ("RESPECT", "NULLS"),
        ("IGNORE", "NULLS"),
    ):
        if cursor.at(*words):
            raise cursor.unsupported(" ".join(words))
    if cursor.at("FILTER", "("):
        cursor.advance()
        cursor.advance()
        cursor.expect("WHERE")
        condition = expression(cursor)
        cursor.expect(")")
    over = over_clause(cursor, expression) if cursor.at("OVER") else None
    return FunctionCall(
        name, arguments, cursor.since(name.span), star, distinct, condition, over=over
    )


def _case(cursor: Cursor, expression: ExpressionParser) -> Node:
    start = cursor.expect("CASE").span
    subject = None if cursor.at("WHEN") else expression(cursor)
    arguments: list[Node] = []
    while cursor.at("WHEN"):
        at = cursor.advance().span
        condition = expression(cursor)
        if subject is not None:
            span = condition.span
            condition = Operation("EQUALS", (subject, condition), span, span)
        if cursor.at(","):
            raise cursor.unsupported("a list of values after WHEN", cover(at, cursor.token.span))
        cursor.expect("THEN")
        arguments += (condition, expression(cursor))
    if not arguments:
        raise cursor.unexpected("WHEN")
    if cursor.take("ELSE"):
        arguments.append(expression(cursor))
    else:
        arguments.append(WordLiteral("NULL", Span(start.start, start.end)))
    cursor.expect("END")
    span = cursor.since(start)
    return Operation("CASE", tuple(arguments), span, start)


def _cast(cursor: Cursor, expression: ExpressionParser) -> Node:
    start = cursor.advance()
    cursor.expect("(")
    argument = expression(cursor)
    cursor.expect("AS")
    type_ = parse_type(cursor)
    cursor.expect(")")
    return CastNode(argument, type_, start.upper == "TRY_CAST", cursor.since(start.span))


def _constructor(cursor: Cursor, expression: ExpressionParser) -> Node:
    start = cursor.advance()
    cursor.expect("[")
    if cursor.at("]"):
        raise cursor.error(
            "bad-argument", f"an empty {start.upper} has no element type", cursor.since(start.span)
        )
    items = cursor.listed(lambda: expression(cursor))
    cursor.expect("]")
    span = cursor.since(start.span)
    if start.upper == "MAP" and len(items) % 2:
        raise cursor.error("bad-argument", "MAP takes a value for each key", span)
    return Operation(start.upper, items, span, start.span)


def _row(cursor: Cursor, expression: ExpressionParser) -> Node:
    start = cursor.advance().span
    items = cursor.parenthesised(lambda: expression(cursor))
    return Operation("ROW", items, cursor.since(start), start)


def _interval(cursor: Cursor) -> IntervalLiteral:
    start = cursor.expect("INTERVAL").span
    negative = cursor.take("-")
    if not negative:
        cursor.take("+")
    if cursor.token.kind is TokenKind.NUMBER:
        number = cursor.whole_number("a whole number or a string with the interval's value")
        unit = _unit(cursor)
        span = cursor.since(start)
        return IntervalLiteral(str(number), negative, unit, len(str(number)), None, span)
    value = cursor.string("the interval's value")
    unit = _unit(cursor)
    precision = None
    if cursor.take("("):
        precision = cursor.whole_number()
        if cursor.take(","):
            cursor.whole_number()
        cursor.expect(")")
    to_unit = _unit(cursor) if cursor.take("TO") else None
    if to_unit == "SECOND" and cursor.take("("):
        cursor.whole_number()
        cursor.expect(")")
    span = cursor.since(start)
    return IntervalLiteral(value.value, negative, unit, precision, to_unit, span)


def _unit(cursor: Cursor) -> str:
    word = cursor.token.upper
    unit = word if word in _UNITS else word.removesuffix("S")
    if unit not in _UNITS:
        raise cursor.unexpected(
            "an interval unit: " + ", ".join(_UNITS),
            hint="The unit stands behind the quotes: INTERVAL '1' MINUTE.",
        )
    cursor.advance()
    return unit
