"""Tokens with exact spans, and the errors of text that does not fall into tokens."""

from __future__ import annotations

import re
from enum import Enum

from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import TokenType

from tidemill.errors import Span, SqlError
from tidemill.records import dataclass
from tidemill.sql.dialect.flink import Flink
from tidemill.sql.text import SourceText


class TokenKind(Enum):
    """What a token is."""

    WORD = "word"
    QUOTED = "quoted name"
    STRING = "string"
    HEX = "binary string"
    NUMBER = "number"
    SYMBOL = "symbol"
    END = "end of the statement"


@dataclass(frozen=True, slots=True)
class Token:
    """One token. `text` is a name's or a string's value, a word or symbol as written."""

    kind: TokenKind
    text: str
    span: Span

    @property
    def upper(self) -> str:
        """The upper-case text of a plain word, a symbol's text; empty for quoted things."""
        if self.kind is TokenKind.WORD:
            return self.text.upper()
        return self.text if self.kind is TokenKind.SYMBOL else ""

    def shown(self) -> str:
        """The token as a message shows it."""
        if self.kind is TokenKind.END:
            return "the end of the statement"
        if self.kind is TokenKind.STRING:
            return f"'{self.text}'" if len(self.text) <= 40 else "a string"
        return f"`{self.text}`"


_WORD = re.compile(r"[\w$]+")
_KINDS = {
    TokenType.VAR: TokenKind.WORD,
    TokenType.IDENTIFIER: TokenKind.QUOTED,
    TokenType.STRING: TokenKind.STRING,
    TokenType.HEX_STRING: TokenKind.HEX,
    TokenType.NUMBER: TokenKind.NUMBER,
}


def tokenize(source: SourceText) -> list[Token]:
    """All tokens of a file; raises SqlError at an unclosed string, name or comment."""
    return _join_fractions(_tokens(source, source.text, 0))


def _tokens(source: SourceText, text: str, offset: int) -> list[Token]:
    """The tokens of a part of the file that begins at `offset`."""
    try:
        raw = Flink().tokenize(text)
    except TokenError:
        raise _unclosed(source, offset, offset + len(text)) from None
    tokens: list[Token] = []
    for token in raw:
        span = Span(offset + token.start, offset + token.end + 1)
        if token.token_type is TokenType.HINT:
            tokens.extend(_hint(source, span))
        else:
            tokens.append(_token(source, token.token_type, token.text, span))
    return tokens


def _token(source: SourceText, type_: TokenType, text: str, span: Span) -> Token:
    kind = _KINDS.get(type_, TokenKind.SYMBOL)
    if kind is TokenKind.SYMBOL and text[:1].isalpha():
        raise source.error("syntax", f"unexpected literal {source.slice(span)}", span)
    if kind is TokenKind.HEX and source.slice(span)[:1] == "0":
        raise source.error(
            "syntax",
            f"unexpected number {source.slice(span)}",
            span,
            hint="Flink writes bytes as x'1F' and numbers in decimal.",
        )
    if kind is TokenKind.WORD and _WORD.fullmatch(text) is None:
        raise _no_word(source, text, span)
    return Token(kind, text, span)


def _hint(source: SourceText, span: Span) -> list[Token]:
    """A hint comes as one token; its text is Flink SQL too."""
    opening, closing = Span(span.start, span.start + 3), Span(span.end - 2, span.end)
    inner = source.text[opening.end : closing.start]
    return [
        Token(TokenKind.SYMBOL, "/*+", opening),
        *_tokens(source, inner, opening.end),
        Token(TokenKind.SYMBOL, "*/", closing),
    ]


def _no_word(source: SourceText, text: str, span: Span) -> SqlError:
    if '"' in text:
        hint = "Names stand in backticks, strings in single quotes."
    else:
        hint = "A name with other characters than letters, digits, _ and $ stands in backticks."
    return source.error("syntax", f"unexpected {text}", span, hint=hint)


def _join_fractions(tokens: list[Token]) -> list[Token]:
    """Join `.` and `5` into the number `.5` where no name or number stands right before them."""
    joined: list[Token] = []
    for token in tokens:
        dot = joined[-1] if joined else None
        before = joined[-2] if len(joined) > 1 else None
        if (
            token.kind is TokenKind.NUMBER
            and dot is not None
            and dot.upper == "."
            and dot.span.end == token.span.start
            and (before is None or before.span.end != dot.span.start or before.upper in "(,+-*/=<>")
        ):
            joined[-1] = Token(
                TokenKind.NUMBER, "." + token.text, Span(dot.span.start, token.span.end)
            )
        else:
            joined.append(token)
    return joined


_OPENERS = {
    "'": ("'", "string", "Close it with ', and write a quote inside it as ''."),
    "`": ("`", "quoted name", "Close it with a backtick."),
    "/*": ("*/", "comment", "Close it with */."),
}


def _unclosed(source: SourceText, start: int, stop: int) -> SqlError:
    """Find the opener that is never closed, by walking over the text as the lexer does."""
    text, at = source.text[:stop], start
    while at < len(text):
        if text.startswith("--", at):
            line_end = text.find("\n", at)
            at = len(text) if line_end < 0 else line_end
            continue
        opener = "/*" if text.startswith("/*", at) else text[at]
        if opener not in _OPENERS:
            at += 1
            continue
        closer, what, hint = _OPENERS[opener]
        close = text.find(closer, at + len(opener))
        if close < 0:
            span = Span(at, at + len(opener))
            message = f"the {what} that begins here is not closed"
            return source.error("syntax", message, span, hint=hint)
        at = close + len(closer)
    span = Span(max(start, stop - 1), stop)
    return source.error("syntax", "the text does not fall into tokens", span)
