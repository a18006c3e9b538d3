"""Key patterns: `session:{session_id}:product:{product_id}` to keys, and keys back to columns.

Guarantees: two rows have the same key only where the named columns are equal. To that end a value
may not hold the text that stands between it and the next column (`1:product:2` in the example).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.errors import ProjectError
from tidemill.records import dataclass

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


@dataclass(frozen=True, slots=True)
class KeyPattern:
    """A parsed pattern: a text before, between and behind the columns, one more than columns."""

    text: str
    columns: tuple[str, ...]
    literals: tuple[bytes, ...]

    def keys(self, texts: Sequence[pa.BinaryArray], count: int) -> pa.BinaryArray:
        """The keys of `count` rows from their columns' texts, in the order of `columns`."""
        parts: list[pa.BinaryArray | bytes] = [self.literals[0]]
        for column, literal in zip(texts, self.literals[1:], strict=True):
            parts += [column, literal]
        if not texts:
            return pa.repeat(pa.scalar(self.literals[0], pa.binary()), count)
        return pc.binary_join_element_wise(*parts, b"")

    def ambiguous(self, texts: Sequence[pa.BinaryArray]) -> pa.BooleanArray | None:
        """Which rows have a value that holds the text behind it; None where none can."""
        found = None
        for column, literal in zip(texts[:-1], self.literals[1:-1], strict=True):
            joined = pc.binary_join_element_wise(column, literal, b"")
            at = pc.find_substring(joined, literal.decode("utf-8", "surrogateescape"))
            bad = pc.not_equal(at, pc.binary_length(column))
            found = bad if found is None else pc.or_(found, bad)
        return found

    def glob(self) -> bytes:
        """The pattern of SCAN that all keys match, and perhaps others."""
        escaped = [re.sub(rb"([\\*?\[\]])", rb"\\\1", literal) for literal in self.literals]
        return b"*".join(escaped)

    def regex(self) -> re.Pattern[bytes]:
        """What a key must match in full; its groups are the columns' texts."""
        inner = b"".join(
            b"(.*?)" + re.escape(literal)
            if index + 1 < len(self.columns)
            else b"(.*)" + re.escape(literal)
            for index, literal in enumerate(self.literals[1:])
        )
        return re.compile(re.escape(self.literals[0]) + inner, re.DOTALL)


def columns_named(text: str) -> Sequence[str]:
    """The columns that a pattern names; none where it is badly written."""
    try:
        return parse_pattern(text).columns
    except ValueError:
        return ()


def parse_pattern(text: str) -> KeyPattern:
    """A pattern from its text; ValueError that says what it takes."""
    columns: list[str] = []
    literals = [""]
    done = 0
    for part in _PART.finditer(text):
        literals[-1] += text[done : part.start()]
        done = part.end()
        if part[0] in ("{{", "}}"):
            literals[-1] += part[0][0]
            continue
        if not part[1]:
            raise ValueError("a key such as `user:{id}`, its columns in braces")
        if columns and not literals[-1]:
            raise ValueError("a key with some text between two columns, as in `{a}:{b}`")
        columns.append(part[1])
        literals.append("")
    literals[-1] += text[done:]
    if len(set(columns)) < len(columns):
        raise ValueError("a key that names each column once")
    if not text:
        raise ValueError("a key such as `user:{id}`")
    return KeyPattern(text, tuple(columns), tuple(part.encode() for part in literals))


def checked_pattern(text: str) -> KeyPattern:
    """The pattern; ProjectError where it is badly written."""
    try:
        return parse_pattern(text)
    except ValueError as error:
        raise ProjectError(
            f"option `key` takes {error}, not `{text}`", code="connector.bad-option"
        ) from None
