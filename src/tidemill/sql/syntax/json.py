"""The JSON functions, whose arguments carry clauses of words.

Each gives the plain arguments of its canonical function, the clauses as strings: JSON_VALUE and
JSON_QUERY have (document, path, NULL of the returned type, wrapper or value on empty, ...), the
constructors (what becomes of NULLs, items ...).
"""

from __future__ import annotations

from collections.abc import Mapping

from tidemill.sql.dialect.tokens import TokenKind
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.levels import ExpressionParser, Form
from tidemill.sql.syntax.nodes import CastNode, Node, Operation, StringLiteral, WordLiteral
from tidemill.sql.types import parse_type

_ON_EMPTY_OR_ERROR = ("EMPTY", "ERROR")
_TRUTHS = ("TRUE", "FALSE", "UNKNOWN", "ERROR")


def _word(text: str, cursor: Cursor) -> StringLiteral:
    return StringLiteral(text, cursor.previous.span)


def _null(cursor: Cursor) -> Node:
    return WordLiteral("NULL", cursor.previous.span)


def _document_and_path(cursor: Cursor, expression: ExpressionParser) -> tuple[Node, ...]:
    document = expression(cursor)
    cursor.expect(",")
    return document, expression(cursor)


def _returning(cursor: Cursor) -> Node:
    """NULL of the type that is asked for, or bare NULL."""
    if not cursor.take("RETURNING"):
        return _null(cursor)
    start = cursor.token.span
    type_ = parse_type(cursor)
    return CastNode(_null(cursor), type_, False, cursor.since(start))


def _value(cursor: Cursor, expression: ExpressionParser) -> tuple[Node, ...]:
    """(document, path, type, on empty, its default, on error, its default)."""
    arguments = [*_document_and_path(cursor, expression), _returning(cursor)]
    found: dict[str, tuple[Node, Node]] = {}
    while not cursor.at(")"):
        behaviour = cursor.token.upper
        default = _null(cursor)
        if cursor.take("DEFAULT"):
            default = expression(cursor)
        elif not (cursor.take("NULL") or cursor.take("ERROR")):
            raise cursor.unexpected("NULL, ERROR or DEFAULT")
        found[_event(cursor, found)] = (_word(behaviour, cursor), default)
    for event in _ON_EMPTY_OR_ERROR:
        arguments += found.get(event, (_word("NULL", cursor), _null(cursor)))
    return tuple(arguments)


def _event(cursor: Cursor, known: Mapping[str, object]) -> str:
    cursor.expect("ON")
    event = cursor.token.upper
    if event not in _ON_EMPTY_OR_ERROR or event in known:
        raise cursor.unexpected("EMPTY or ERROR, each once")
    cursor.advance()
    return event


def _query(cursor: Cursor, expression: ExpressionParser) -> tuple[Node, ...]:
    """(document, path, type, wrapper, on empty, on error)."""
    arguments = [*_document_and_path(cursor, expression), _returning(cursor), _wrapper(cursor)]
    found: dict[str, Node] = {}
    while not cursor.at(")"):
        behaviour = cursor.advance().upper
        if behaviour == "EMPTY" and cursor.at_any("ARRAY", "OBJECT"):
            behaviour += f" {cursor.advance().upper}"
        if behaviour not in ("NULL", "ERROR", "EMPTY ARRAY", "EMPTY OBJECT"):
            raise cursor.unexpected("NULL, ERROR, EMPTY ARRAY or EMPTY OBJECT")
        word = _word(behaviour, cursor)
        found[_event(cursor, found)] = word
    for event in _ON_EMPTY_OR_ERROR:
        arguments.append(found.get(event, _word("NULL", cursor)))
    return tuple(arguments)


def _wrapper(cursor: Cursor) -> Node:
    wrapper = "WITHOUT"
    if cursor.take("WITHOUT"):
        cursor.take("ARRAY")
        cursor.expect("WRAPPER")
    elif cursor.take("WITH"):
        wrapper = "CONDITIONAL" if cursor.take("CONDITIONAL") else "UNCONDITIONAL"
        cursor.take("UNCONDITIONAL")
        cursor.take("ARRAY")
        cursor.expect("WRAPPER")
    return _word(wrapper, cursor)


def _exists(cursor: Cursor, expression: ExpressionParser) -> tuple[Node, ...]:
    """(document, path, on error)."""
    arguments = _document_and_path(cursor, expression)
    behaviour = _word("FALSE", cursor)
    if cursor.at_any(*_TRUTHS):
        behaviour = StringLiteral(cursor.advance().upper, cursor.previous.span)
        cursor.expect("ON", "ERROR")
    return (*arguments, behaviour)


def _on_null(cursor: Cursor, default: str) -> StringLiteral:
    for word in ("NULL", "ABSENT"):
        if cursor.take(word, "ON", "NULL"):
            return _word(word, cursor)
    return _word(default, cursor)


def _item(cursor: Cursor, expression: ExpressionParser) -> Node:
    """A value; JSON(text) stands for the JSON in the text, here only."""
    if not cursor.at("JSON", "("):
        return expression(cursor)
    start = cursor.advance().span
    cursor.advance()
    text = expression(cursor)
    cursor.expect(")")
    return Operation("JSON", (text,), cursor.since(start), start)


def _pair(cursor: Cursor, expression: ExpressionParser) -> tuple[Node, Node]:
    is_key = cursor.at("KEY") and cursor.peek().kind is not TokenKind.SYMBOL
    if is_key:
        cursor.advance()
    if cursor.token.kind is TokenKind.STRING and cursor.peek().upper == ":":
        key: Node = cursor.string()
        cursor.advance()
    else:
        key = expression(cursor)
        cursor.expect("VALUE", hint="Write KEY 'name' VALUE value.")
    return key, _item(cursor, expression)


def _object(cursor: Cursor, expression: ExpressionParser) -> tuple[Node, ...]:
    """(what becomes of NULLs, key, value, ...)."""
    pairs: tuple[tuple[Node, Node], ...] = ()
    if not cursor.at_any(")", "NULL", "ABSENT"):
        pairs = cursor.listed(lambda: _pair(cursor, expression))
    on_null = _on_null(cursor, "NULL")
    return (on_null, *(part for pair in pairs for part in pair))


def _array(cursor: Cursor, expression: ExpressionParser) -> tuple[Node, ...]:
    """(what becomes of NULLs, item, ...)."""
    items: tuple[Node, ...] = ()
    empty = cursor.at(")") or cursor.at("NULL", "ON") or cursor.at("ABSENT", "ON")
    if not empty:
        items = cursor.listed(lambda: _item(cursor, expression))
    return (_on_null(cursor, "ABSENT"), *items)


JSON_FORMS: Mapping[str, Form] = {
    "JSON_VALUE": _value,
    "JSON_QUERY": _query,
    "JSON_EXISTS": _exists,
    "JSON_OBJECT": _object,
    "JSON_ARRAY": _array,
    "JSON_OBJECTAGG": _object,
    "JSON_ARRAYAGG": _array,
}
