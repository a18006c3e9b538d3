"""A pipeline's text with each INSERT as the query that it writes, so that rows can be compared.

Offsets stay as they are (what falls away becomes blanks), so errors still point to the right place.
What a sink's column types would do to the rows is not seen this way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tidemill.errors import Span
from tidemill.sql.dialect import Token, tokenize
from tidemill.sql.text import SourceText

_QUERY_WORDS = ("SELECT", "WITH", "VALUES", "TABLE", "(")
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
    """The tables that the INSERTs (and CREATE TABLE ... AS) write, in order, one for each."""
    tokens = tokenize(SourceText(file, text))
    names = []
    for index, _ in enumerate(tokens):
        if _is_insert(tokens, index):
            names.append(tokens[_name_end(tokens, index + 2)].text)
        elif _as_of_create(tokens, index) is not None:
            names.append(tokens[_name_end(tokens, _created_name(tokens, index))].text)
    return names


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
        elif (last_of_create := _as_of_create(tokens, index)) is not None:
            yield Span(tokens[index].span.start, tokens[last_of_create].span.end)
            index = last_of_create
        elif _is_insert(tokens, index):
            last = _head_end(tokens, _name_end(tokens, index + 2))
            yield Span(tokens[index].span.start, tokens[last].span.end)
            index = last
        index += 1


def _head_end(tokens: Sequence[Token], last: int) -> int:
    """The index of the last token before the query: behind OPTIONS, PARTITION and column names."""
    if last + 1 < len(tokens) and tokens[last + 1].upper == "/*+":
        last = next(i for i in range(last, len(tokens)) if tokens[i].upper == "*/")
    if _starts(tokens, last + 1, ("PARTITION", "(")):
        last = _closing(tokens, last + 2)
    following = tokens[last + 2].upper if last + 2 < len(tokens) else ""
    if _starts(tokens, last + 1, ("(",)) and following not in _QUERY_WORDS:
        last = _closing(tokens, last + 1)
    return last


def _as_of_create(tokens: Sequence[Token], index: int) -> int | None:
    """The index of the AS of a CREATE TABLE ... AS that begins at `index`."""
    if tokens[index].upper not in ("CREATE", "REPLACE") or not _first(tokens, index):
        return None
    if "TABLE" not in [token.upper for token in tokens[index : index + 5]]:
        return None
    depth = 0
    for at in range(index, len(tokens)):
        word = tokens[at].upper
        depth += {"(": 1, ")": -1}.get(word, 0)
        if depth == 0 and word in ("AS", ";"):
            return at if word == "AS" else None
    return None


def _created_name(tokens: Sequence[Token], index: int) -> int:
    at = next(i for i in range(index, len(tokens)) if tokens[i].upper == "TABLE") + 1
    return at + 3 if _starts(tokens, at, ("IF", "NOT", "EXISTS")) else at


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
