"""SQL text cut into statements, as a shell needs it, without understanding them.

Guarantees: a `;` inside a string, a quoted name, a comment or a statement set is no separator.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_PART = re.compile(
    r"--[^\n]*|/\*.*?(?:\*/|\Z)|'(?:[^']|'')*(?:'|\Z)|`(?:[^`]|``)*(?:`|\Z)|\w+|;|.", re.DOTALL
)


def split_statements(text: str) -> list[str]:
    """The statements, each without its `;`; a text that ends without one gives a last statement."""
    return [statement for statement, _ in _statements(text)]


def is_complete(text: str) -> bool:
    """Whether the text ends with a finished statement (so that a shell can run it)."""
    found = list(_statements(text))
    return not found or found[-1][1]


def first_words(statement: str, count: int = 3) -> tuple[str, ...]:
    """The first words in upper case, comments left out."""
    words = (p.group() for p in _PART.finditer(statement) if not _is_space(p.group()))
    found = []
    for word in words:
        found.append(word.upper())
        if len(found) == count:
            break
    return tuple(found)


EXPLAIN_WORDS = frozenset(
    ("EXPLAIN", "PLAN", "FOR", "ESTIMATED_COST", "CHANGELOG_MODE", "JSON_EXECUTION_PLAN",
     "PLAN_ADVICE", ",")
)  # fmt: skip
"""EXPLAIN, and what may stand between it and the statement."""


def without_first_words(statement: str, words: frozenset[str]) -> str:
    """The statement with its first words blanked as long as they are among these.

    They are blanked, not cut, so that errors keep their place.
    """
    text = list(statement)
    for part in _PART.finditer(statement):
        piece = part.group()
        if _is_space(piece):
            continue
        if piece.upper() not in words:
            break
        text[part.start() : part.end()] = " " * len(piece)
    return "".join(text)


def _statements(text: str) -> Iterator[tuple[str, bool]]:
    start = 0
    words: list[str] = []
    for part in _PART.finditer(text):
        piece = part.group()
        if piece == ";" and not _in_set(words):
            statement = text[start : part.start()]
            if words:
                yield statement.strip(), True
            start, words = part.end(), []
        elif not _is_space(piece):
            words.append(piece.upper())
    if words:
        yield text[start:].strip(), False


def _in_set(words: list[str]) -> bool:
    """Whether a statement set has begun and not ended."""
    begins = words[:2] == ["BEGIN", "STATEMENT"] or "BEGIN" in words[:4]
    return bool(begins) and words[:1] in (["EXECUTE"], ["BEGIN"]) and words[-1] != "END"


def _is_comment(piece: str) -> bool:
    return piece.startswith(("--", "/*"))


def _is_space(piece: str) -> bool:
    return piece.isspace() or _is_comment(piece)
