"""An expression's text as Flink prints it: names in backticks, keywords in capitals."""

from __future__ import annotations

from tidemill.errors import Span
from tidemill.sql.dialect.reserved import RESERVED
from tidemill.sql.dialect.tokens import Token, TokenKind, tokenize
from tidemill.sql.text import SourceText

_TIGHT_BEFORE = (")", ",", ".", "[", "]")
_TIGHT_BEHIND = ("(", ".", "[")


def normal_text(source: SourceText, span: Span) -> str:
    """The text under a span, its tokens written evenly; comments are left out."""
    tokens = tokenize(SourceText(source.file, source.slice(span)))
    parts: list[str] = []
    for index, token in enumerate(tokens):
        before = tokens[index - 1] if index else None
        following = tokens[index + 1].upper if index + 1 < len(tokens) else ""
        if before is not None and _spaced(before, token):
            parts.append(" ")
        parts.append(_written(token, calls=following == "("))
    return "".join(parts)


def _spaced(before: Token, token: Token) -> bool:
    if token.upper in _TIGHT_BEFORE or before.upper in _TIGHT_BEHIND:
        return False
    return not (token.upper == "(" and before.kind in (TokenKind.WORD, TokenKind.QUOTED))


def _written(token: Token, *, calls: bool) -> str:
    if token.kind is TokenKind.QUOTED:
        return quoted(token.text)
    if token.kind is TokenKind.WORD:
        return token.upper if calls or token.upper in RESERVED else quoted(token.text)
    if token.kind is TokenKind.STRING:
        return string(token.text)
    return f"X'{token.text}'" if token.kind is TokenKind.HEX else token.text


def quoted(name: str) -> str:
    """A name in backticks."""
    return "`" + name.replace("`", "``") + "`"


def string(text: str) -> str:
    """A string in quotes."""
    return "'" + text.replace("'", "''") + "'"
