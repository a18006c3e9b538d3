"""Date patterns of Java, read into parts; those that cannot be followed exactly are refused."""

from __future__ import annotations

from tidemill.sql.functions.registry import FunctionArgumentError

FORMATS = {
    "yyyy": "%Y",
    "uuuu": "%Y",
    "yy": "%y",
    "MM": "%m",
    "MMM": "%b",
    "MMMM": "%B",
    "dd": "%d",
    "DDD": "%j",
    "HH": "%H",
    "hh": "%I",
    "mm": "%M",
    "ss": "%S",
    "SSS": "%g",
    "SSSSSS": "%f",
    "M": "%-m",
    "d": "%-d",
    "H": "%-H",
    "h": "%-I",
    "m": "%-M",
    "s": "%-S",
    "a": "%p",
    "EEE": "%a",
    "E": "%a",
    "EE": "%a",
    "D": "%-j",
    "SSSSSSSSS": "%n",
    "EEEE": "%A",
}
"""A run of one letter in a Java pattern, and how DuckDB's strftime writes the same."""

PARSES = {
    "yyyy": (r"\d{4}", "%Y"),
    "uuuu": (r"\d{4}", "%Y"),
    "MM": (r"\d{2}", "%m"),
    "dd": (r"\d{2}", "%d"),
    "HH": (r"\d{2}", "%H"),
    "mm": (r"\d{2}", "%M"),
    "ss": (r"\d{2}", "%S"),
    "M": (r"\d{1,2}", "%m"),
    "d": (r"\d{1,2}", "%d"),
    "H": (r"\d{1,2}", "%H"),
    "m": (r"\d{1,2}", "%M"),
    "s": (r"\d{1,2}", "%S"),
    "S": (r"\d", "%f"),
    "SS": (r"\d{2}", "%f"),
    "SSS": (r"\d{3}", "%f"),
    "SSSSSS": (r"\d{6}", "%f"),
}
"""A run of one letter, the text it takes, and how DuckDB's strptime reads it."""


SIMPLE_PARSES = (*(k for k in PARSES if k != "uuuu"), "X", "XX", "XXX", "Z")
"""A run of one letter that SimpleDateFormat's followers here read: those of TO_DATE and others."""

SIMPLE_FORMATS = (
    "yyyy",
    "yy",
    "MM",
    "M",
    "dd",
    "d",
    "HH",
    "H",
    "hh",
    "h",
    "mm",
    "m",
    "ss",
    "s",
    "SSS",
)
"""A run of one letter that they write."""


def date_pattern_parts(pattern: str) -> list[tuple[str, str]]:
    """The pattern as ("letters", run) and ("text", literal) parts.

    Raises:
        FunctionArgumentError: for an unclosed quote or an optional section.
    """
    parts: list[tuple[str, str]] = []
    index = 0
    while index < len(pattern):
        character = pattern[index]
        if character == "'":
            index, text = _quoted(pattern, index)
            parts.append(("text", text))
        elif character.isascii() and character.isalpha():
            end = index
            while end < len(pattern) and pattern[end] == character:
                end += 1
            parts.append(("letters", pattern[index:end]))
            index = end
        elif character in "[]{}#":
            raise FunctionArgumentError(
                f"does not take {character!r} in the date pattern {pattern!r}"
            )
        else:
            parts.append(("text", character))
            index += 1
    return parts


def _quoted(pattern: str, start: int) -> tuple[int, str]:
    """The quoted text that starts at `start`, and where it ends; two quotes stand for one."""
    if pattern.startswith("''", start):
        return start + 2, "'"
    text = ""
    index = start + 1
    while index < len(pattern):
        if pattern.startswith("''", index):
            text += "'"
            index += 2
        elif pattern[index] == "'":
            return index + 1, text
        else:
            text += pattern[index]
            index += 1
    raise FunctionArgumentError(f"has an unclosed quote in the date pattern {pattern!r}")


def check_date_pattern(pattern: str, use: str) -> None:
    """Refuse a pattern with letters that cannot be formatted (or parsed) exactly as Java does."""
    known: tuple[str, ...] = {
        "format": tuple(FORMATS),
        "parse": tuple(PARSES),
        "parse simply": SIMPLE_PARSES,
        "format simply": SIMPLE_FORMATS,
    }[use]
    for kind, part in date_pattern_parts(pattern):
        if kind == "letters" and part not in known:
            raise FunctionArgumentError(
                f"does not take {part!r} in the date pattern {pattern!r}",
                hint=f"Use of {', '.join(known)}; quote other letters, as 'T'.",
            )


def pattern_is_padded(pattern: str) -> bool:
    """Whether each text of the pattern is written in one way only (no `M`, `d`, `S`)."""
    return all(
        kind == "text" or (part in FORMATS and len(part) > 1)
        for kind, part in date_pattern_parts(pattern)
    )
