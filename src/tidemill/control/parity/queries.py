"""A pipeline's text with each INSERT as the query that it writes, so that rows can be compared.

Offsets stay as they are (what falls away becomes blanks), so errors still point to the right place.
What a sink's column types would do to the rows is not seen this way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tidemill.errors import Span
from tidemill.sql.dialect import Token, tokenize
from tidemill.sql.text import SourceText

_SET_FORMS = (("EXECUTE", "STATEMENT", "SET", "BEGIN"), ("BEGIN", "STATEMENT", "SET"))


def as_queries(text: str, file: str) -> str:
    """The text with its INSERT heads and statement sets blanked out."""
    source = SourceText(file, text)
    tokens = tokenize(source)
    for span in _heads(tokens):
        blank = "".join("\n" if c == "\n" else " " for c in source.slice(span))
        text = text[: span.start] + blank + text[span.end :]
    return text


def sink_names(text: str, file: str) -> list[str]:
    """The tables that the INSERTs write, in order; one entry per INSERT."""
    tokens = tokenize(SourceText(file, text))
    return [
        tokens[_name_end(tokens, i + 2)].text for i, _ in enumerate(tokens) if _is_insert(tokens, i)
    ]


def insert_columns(text: str, file: str) -> list[tuple[str, ...]]:
    """The columns that each INSERT lists, in order; none where it lists no columns."""
    tokens = tokenize(SourceText(file, text))
    found: list[tuple[str, ...]] = []
    for index in range(len(tokens)):
        if not _is_insert(tokens, index):
            continue
        opened = _name_end(tokens, index + 2) + 1
        listed: tuple[str, ...] = ()
        if opened < len(tokens) and tokens[opened].upper == "(":
            inside = tokens[opened + 1 : _closing(tokens, opened)]
            listed = tuple(token.text for token in inside if token.upper != ",")
        found.append(listed)
    return found


def _heads(tokens: Sequence[Token]) -> Iterator[Span]:
    index = 0
    while index < len(tokens):
        form = next((f for f in _SET_FORMS if _starts(tokens, index, f)), None)
        if form is not None and _first(tokens, index):
            last = index + len(form)
            last -= 0 if last < len(tokens) and tokens[last].upper == ";" else 1
            yield Span(tokens[index].span.start, tokens[last].span.end)
            index = last
        elif tokens[index].upper == "END" and _first(tokens, index):
            yield tokens[index].span
        elif _is_insert(tokens, index):
            last = _name_end(tokens, index + 2)
            if last + 1 < len(tokens) and tokens[last + 1].upper == "(":
                last = _closing(tokens, last + 1)
            yield Span(tokens[index].span.start, tokens[last].span.end)
            index = last
        index += 1


def _is_insert(tokens: Sequence[Token], index: int) -> bool:
    return _starts(tokens, index, ("INSERT", "INTO"))


def _first(tokens: Sequence[Token], index: int) -> bool:
    return index == 0 or tokens[index - 1].upper == ";"


def _starts(tokens: Sequence[Token], index: int, words: Sequence[str]) -> bool:
    return [token.upper for token in tokens[index : index + len(words)]] == list(words)


def _name_end(tokens: Sequence[Token], index: int) -> int:
    """The index of the last part of a name that begins at `index`."""
    while index + 2 < len(tokens) and tokens[index + 1].upper == ".":
        index += 2
    return index


def _closing(tokens: Sequence[Token], index: int) -> int:
    depth = 0
    for at in range(index, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[at].upper, 0)
        if depth == 0:
            return at
    return index
