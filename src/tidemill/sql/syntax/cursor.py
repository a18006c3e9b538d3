"""Walking over the tokens of one statement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from tidemill.errors import Span, SqlError
from tidemill.sql.dialect.reserved import RESERVED
from tidemill.sql.dialect.tokens import Token, TokenKind
from tidemill.sql.syntax.nodes import Name, Path, Query, StringLiteral
from tidemill.sql.text import SourceText, cover

T = TypeVar("T")

DEPTH_MAX = 50
"""How deeply expressions and queries may nest."""


class Cursor:
    """A place in the tokens of one statement, with the small steps all parsers share."""

    def __init__(self, source: SourceText, tokens: Sequence[Token], end: int) -> None:
        self.source = source
        self.tokens = tokens
        self.index = 0
        self.depth = 0
        self.subquery: Callable[[Cursor], Query] | None = None
        """Parses a query inside an expression; None where none may stand."""
        self._end = Token(TokenKind.END, "", Span(end, end))

    @property
    def token(self) -> Token:
        """The current token."""
        return self.peek(0)

    @property
    def previous(self) -> Token:
        """The token before the current one."""
        return self.tokens[self.index - 1] if self.index else self.token

    def peek(self, ahead: int = 1) -> Token:
        """The token some steps ahead, or the end."""
        at = self.index + ahead
        return self.tokens[at] if at < len(self.tokens) else self._end

    def advance(self) -> Token:
        """Step over the current token and return it."""
        token = self.token
        self.index = min(self.index + 1, len(self.tokens))
        return token

    def at(self, *words: str) -> bool:
        """Whether these keywords and symbols come next, in a row."""
        return all(self.peek(i).upper == word for i, word in enumerate(words))

    def at_any(self, *words: str) -> bool:
        """Whether one of these comes next."""
        return self.token.upper in words

    def take(self, *words: str) -> bool:
        """Step over these keywords or symbols if they come next."""
        if not self.at(*words):
            return False
        self.index += len(words)
        return True

    def expect(self, *words: str, hint: str | None = None) -> Token:
        """Step over these; the last of them is returned. An error where another thing stands."""
        for word in words:
            if self.token.upper != word:
                raise self.unexpected(f"`{word}`", hint=hint)
            self.advance()
        return self.previous

    def unexpected(self, expected: str, hint: str | None = None) -> SqlError:
        """The error: something else was expected here."""
        return self.error("syntax", f"expected {expected}, found {self.token.shown()}", hint=hint)

    def error(
        self, code: str, message: str, span: Span | None = None, hint: str | None = None
    ) -> SqlError:
        """An error at a span, or at the current token."""
        return self.source.error(code, message, span or self.token.span, hint=hint)

    def unsupported(self, what: str, span: Span | None = None, hint: str | None = None) -> SqlError:
        """The refusal of a construct by its name."""
        return self.error("not-supported", f"{what} is not supported yet", span, hint)

    def since(self, start: Span) -> Span:
        """The span from `start` to the last token stepped over."""
        return cover(start, self.previous.span)

    def done(self) -> None:
        """Nothing may follow."""
        if self.token.kind is not TokenKind.END:
            raise self.error("syntax", f"unexpected {self.token.shown()}")

    # -- names and literals -----------------------------------------------------------------

    def at_name(self) -> bool:
        """Whether a name can begin here: a quoted one or a word that is not reserved."""
        token = self.token
        return token.kind is TokenKind.QUOTED or (
            token.kind is TokenKind.WORD and token.upper not in RESERVED
        )

    def name(self, what: str = "a name") -> Name:
        """One identifier."""
        token = self.token
        if token.kind is TokenKind.WORD and token.upper in RESERVED:
            raise self.error(
                "reserved-word",
                f"expected {what}, found the reserved word `{token.text}`",
                hint=f"To use it as a name, write it in backticks: `{token.text}`.",
            )
        if not self.at_name() or not token.text:
            raise self.unexpected(what)
        self.advance()
        return Name(token.text, token.span)

    def path(self, what: str = "a name") -> Path:
        """Identifiers joined by dots."""
        parts = [self.name(what)]
        while self.at("."):
            self.advance()
            parts.append(self.name(what))
        return Path(tuple(parts), cover(parts[0].span, parts[-1].span))

    def string(self, what: str = "a string") -> StringLiteral:
        """One string literal."""
        if self.token.kind is not TokenKind.STRING:
            raise self.unexpected(what, hint="Strings stand in single quotes.")
        token = self.advance()
        return StringLiteral(token.text, token.span)

    def whole_number(self, what: str = "a whole number") -> int:
        """One unsigned integer."""
        token = self.token
        if token.kind is not TokenKind.NUMBER or not token.text.isdecimal() or len(token.text) > 18:
            raise self.unexpected(what)
        self.advance()
        return int(token.text)

    def listed(self, item: Callable[[], T]) -> tuple[T, ...]:
        """One or more items between commas."""
        items = [item()]
        while self.take(","):
            items.append(item())
        return tuple(items)

    def parenthesised(self, item: Callable[[], T]) -> tuple[T, ...]:
        """`(` items `)`."""
        self.expect("(")
        items = self.listed(item)
        self.expect(")")
        return items

    def skip_parentheses(self) -> None:
        """Step over a balanced pair of parentheses that begins here."""
        self.expect("(")
        depth = 1
        while depth and self.token.kind is not TokenKind.END:
            depth += {"(": 1, ")": -1}.get(self.advance().upper, 0)

    def parse_subquery(self) -> Query:
        """The query inside an expression that begins here."""
        if self.subquery is None:
            raise self.error("syntax", "a subquery cannot stand outside of a query")
        return self.subquery(self)

    def nested(self, parse: Callable[[], T]) -> T:
        """Parse one level deeper; an error where the text nests too deeply."""
        if self.depth >= DEPTH_MAX:
            raise self.error("too-deep", f"nested more than {DEPTH_MAX} levels deep")
        self.depth += 1
        try:
            return parse()
        finally:
            self.depth -= 1
