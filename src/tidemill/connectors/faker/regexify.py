r"""Texts that match a regular expression: what `regexify`, `bothify` and their like make.

The subset: literals, escapes (`\d`, `\w`, `\.`), `.`, classes, groups, alternatives, and the
quantifiers `?`, `*`, `+`, `{n}`, `{n,m}`; what has no upper bound repeats ten times at most.
"""

from __future__ import annotations

import string
from typing import TypeAlias

from tidemill.connectors.datagen.randomness import Stream
from tidemill.connectors.datagen.scalars import Generate
from tidemill.connectors.faker.texts import choice, constant, joined, one_of, repeated
from tidemill.records import dataclass

REPEATS_MAX = 10
_REPEATS_ALLOWED = 200
_WORD = string.ascii_letters + string.digits + "_"
_ESCAPES = {"d": string.digits, "w": _WORD, "s": " "}


@dataclass(frozen=True, slots=True)
class Chars:
    """One of these characters."""

    chars: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """Parts one behind the other."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Alternatives:
    """One of the parts."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part so many times."""

    part: Part
    least: int
    most: int


Part: TypeAlias = "Chars | Sequence | Alternatives | Repeat"


def regexify(pattern: str, seed: int, path: str) -> Generate:
    """Texts that match the pattern; ValueError, in words, where it is outside the subset."""
    reader = _Reader(pattern)
    part = reader.alternatives()
    if reader.at < len(pattern):
        raise ValueError(f"`{pattern[reader.at]}` closes nothing in `{pattern}`")
    return _generator(part, seed, path)


def bothify(pattern: str, seed: int, path: str, *, digits: bool, letters: bool) -> Generate:
    """Each `#` a digit, each `?` a lower-case letter."""
    parts: list[Part] = []
    for char in pattern:
        if char == "#" and digits:
            parts.append(Chars(string.digits))
        elif char == "?" and letters:
            parts.append(Chars(string.ascii_lowercase))
        else:
            parts.append(Chars(char))
    return _generator(Sequence(tuple(parts)), seed, path)


def _generator(part: Part, seed: int, path: str) -> Generate:
    match part:
        case Chars(chars) if len(chars) == 1:
            return constant(chars)
        case Chars(chars):
            return choice(list(chars), Stream.of(seed, path))
        case Sequence(parts):
            return joined([_generator(p, seed, f"{path}.{i}") for i, p in enumerate(parts)])
        case Alternatives(parts):
            if all(_text(p) is not None for p in parts):
                return choice([_text(p) or "" for p in parts], Stream.of(seed, path))
            made = [_generator(p, seed, f"{path}.{i}") for i, p in enumerate(parts)]
            return one_of(made, Stream.of(seed, path))
        case Repeat(inner, least, most):
            copies = [_generator(inner, seed, f"{path}.{i}") for i in range(most)]
            if least == most:
                return joined(copies)
            return repeated(copies, least, Stream.of(seed, path, "length"))


def _text(part: Part) -> str | None:
    """The text of a part that has only one."""
    if isinstance(part, Chars):
        return part.chars if len(part.chars) == 1 else None
    if isinstance(part, Sequence):
        texts = [_text(p) for p in part.parts]
        return None if None in texts else "".join(text or "" for text in texts)
    return None


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def alternatives(self) -> Part:
        parts = [self._sequence()]
        while self._take("|"):
            parts.append(self._sequence())
        return parts[0] if len(parts) == 1 else Alternatives(tuple(parts))

    def _sequence(self) -> Part:
        parts: list[Part] = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            parts.append(self._quantified(self._atom()))
        return Sequence(tuple(parts))

    def _atom(self) -> Part:
        char = self._next()
        if char == "(":
            self._take("?:")
            part = self.alternatives()
            if not self._take(")"):
                raise ValueError(f"a group of `{self.pattern}` is not closed")
            return part
        if char == "[":
            return self._class()
        if char == ".":
            return Chars(_WORD)
        if char == "\\":
            escaped = self._next()
            return Chars(_ESCAPES.get(escaped, escaped))
        if char in "*+?{^$":
            raise ValueError(f"`{char}` cannot stand there in `{self.pattern}`")
        return Chars(char)

    def _class(self) -> Part:
        chars: list[str] = []
        while not self._take("]"):
            char = self._next()
            if char == "^" and not chars:
                raise ValueError(f"a class of all other characters, in `{self.pattern}`")
            if char == "\\":
                char = self._next()
                chars += _ESCAPES.get(char, char)
                continue
            if (
                self.pattern[self.at : self.at + 1] == "-"
                and self.pattern[self.at + 1 :][:1] != "]"
            ):
                self.at += 1
                chars += map(chr, range(ord(char), ord(self._next()) + 1))
            else:
                chars.append(char)
        if not chars:
            raise ValueError(f"an empty class in `{self.pattern}`")
        return Chars("".join(chars))

    def _quantified(self, part: Part) -> Part:
        if self._take("?"):
            return Repeat(part, 0, 1)
        if self._take("*"):
            return Repeat(part, 0, REPEATS_MAX)
        if self._take("+"):
            return Repeat(part, 1, REPEATS_MAX)
        if not self._take("{"):
            return part
        end = self.pattern.find("}", self.at)
        bounds = self.pattern[self.at : end].split(",") if end > 0 else []
        if not 1 <= len(bounds) <= 2 or not all(b.strip().isdecimal() for b in bounds[:1]):
            raise ValueError(f"`{{` is no quantifier in `{self.pattern}`")
        self.at = end + 1
        least = int(bounds[0])
        most = least
        if len(bounds) == 2:
            most = int(bounds[1]) if bounds[1].strip() else least + REPEATS_MAX
        if not least <= most <= _REPEATS_ALLOWED:
            raise ValueError(f"from {least} to {most} repeats, in `{self.pattern}`")
        return part if least == most == 1 else Repeat(part, least, most)

    def _next(self) -> str:
        if self.at >= len(self.pattern):
            raise ValueError(f"`{self.pattern}` ends too early")
        self.at += 1
        return self.pattern[self.at - 1]

    def _take(self, text: str) -> bool:
        if not self.pattern.startswith(text, self.at):
            return False
        self.at += len(text)
        return True
