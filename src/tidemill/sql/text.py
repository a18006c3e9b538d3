"""The text of one file, and errors that point into it.

Offsets are characters from 0 over the whole file, so that a span made anywhere in this room gives
the right line and column. Splitting into statements happens on tokens, never on characters: a `;`
inside a string or a comment is no separator.
"""

from __future__ import annotations

from tidemill.errors import Span, SqlError, TextWhere
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class SourceText:
    """A file's name and text."""

    file: str
    text: str

    def where(self, span: Span) -> TextWhere:
        """The place of a span."""
        return TextWhere(self.file, self.text, span)

    def slice(self, span: Span) -> str:
        """The text under a span."""
        return self.text[span.start : span.end]

    def error(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        hint: str | None = None,
        detail: str | None = None,
    ) -> SqlError:
        """An error that points at a span."""
        return SqlError(
            message, code=f"sql.{code}", where=self.where(span), hint=hint, detail=detail
        )


def cover(first: Span, last: Span) -> Span:
    """The span from the start of one to the end of another."""
    return Span(min(first.start, last.start), max(first.end, last.end))
