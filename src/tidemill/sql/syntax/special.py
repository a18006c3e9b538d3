"""Functions whose arguments are not a plain list: EXTRACT, SUBSTRING, TRIM, POSITION and others.

Each form gives the plain arguments of the canonical function, units and flags as strings.
"""

from __future__ import annotations

from collections.abc import Mapping

from tidemill.sql.dialect.tokens import TokenKind
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.json import JSON_FORMS
from tidemill.sql.syntax.levels import ADD, ExpressionParser, Form
from tidemill.sql.syntax.nodes import Node, StringLiteral


def _unit_word(cursor: Cursor) -> StringLiteral:
    token = cursor.token
    if token.kind is not TokenKind.WORD:
        raise cursor.unexpected("a time unit such as HOUR")
    cursor.advance()
    unit = token.upper.removeprefix("SQL_TSI_")
    return StringLiteral(unit, token.span)


def _extract(cursor: Cursor, expression: ExpressionParser) -> tuple[Node, ...]:
    unit = _unit_word(cursor)
    cursor.expect("FROM")
    return (unit, expression(cursor))


def _rounding(cursor: Cursor, expression: ExpressionParser) -> tuple[Node, ...]:
    value = expression(cursor)
    if not cursor.take("TO"):
        return (value, *_rest(cursor, expression))
    return (value, _unit_word(cursor))


def _rest(cursor: Cursor, expression: ExpressionParser) -> tuple[Node, ...]:
    return cursor.listed(lambda: expression(cursor)) if cursor.take(",") else ()


def _substring(cursor: Cursor, expression: ExpressionParser) -> tuple[Node, ...]:
    value = expression(cursor)
    if not cursor.take("FROM"):
        return (value, *_rest(cursor, expression))
    start = expression(cursor)
    return (value, start, expression(cursor)) if cursor.take("FOR") else (value, start)


def _trim(cursor: Cursor, expression: ExpressionParser) -> tuple[Node, ...]:
    """TRIM(flag, characters, value)."""
    start = cursor.token.span
    flag = StringLiteral("BOTH", start)
    if cursor.at_any("BOTH", "LEADING", "TRAILING"):
        flag = StringLiteral(cursor.advance().upper, start)
        if cursor.take("FROM"):
            return (flag, StringLiteral(" ", start), expression(cursor))
    value = expression(cursor)
    if cursor.take("FROM"):
        return (flag, value, expression(cursor))
    return (flag, StringLiteral(" ", start), value)


def _position(cursor: Cursor, expression: ExpressionParser) -> tuple[Node, ...]:
    needle = expression(cursor, ADD)
    cursor.expect("IN")
    haystack = expression(cursor)
    if cursor.take("FROM"):
        return (needle, haystack, expression(cursor))
    return (needle, haystack)


def _overlay(cursor: Cursor, expression: ExpressionParser) -> tuple[Node, ...]:
    value = expression(cursor)
    if not cursor.take("PLACING"):
        return (value, *_rest(cursor, expression))
    replacement = expression(cursor)
    cursor.expect("FROM")
    start = expression(cursor)
    arguments = (value, replacement, start)
    return (*arguments, expression(cursor)) if cursor.take("FOR") else arguments


def _unit_first(cursor: Cursor, expression: ExpressionParser) -> tuple[Node, ...]:
    unit = _unit_word(cursor)
    return (unit, *_rest(cursor, expression))


SPECIAL_FORMS: Mapping[str, Form] = {
    "EXTRACT": _extract,
    "CEIL": _rounding,
    "CEILING": _rounding,
    "FLOOR": _rounding,
    "SUBSTRING": _substring,
    "TRIM": _trim,
    "POSITION": _position,
    "OVERLAY": _overlay,
    "TIMESTAMPADD": _unit_first,
    "TIMESTAMPDIFF": _unit_first,
    **JSON_FORMS,
}
