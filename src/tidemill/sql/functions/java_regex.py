"""Java's regular expressions as Python writes them, with the same matches.

Followed is `java.util.regex.Pattern` of Java 17 and 21 without flags from outside. What could match
otherwise in Python is refused; a pattern that Java refuses too is told apart, as Flink's functions
answer it with NULL or FALSE.
"""

from __future__ import annotations

import re
from dataclasses import field
from functools import lru_cache

from tidemill.records import dataclass

_LINE_ENDS = "\\n\\r\\x85\\u2028\\u2029"
_DOT = f"[^{_LINE_ENDS}]"
_ANY = "[\\s\\S]"
_END = "(?:(?=\\r\\n\\Z|[\\r\\x85\\u2028\\u2029]\\Z|\\Z)|(?<!\\r)(?=\\n\\Z))"
_LINE_START = "(?:(?:\\A|(?<=[\\n\\x85\\u2028\\u2029])|(?<=\\r)(?!\\n))(?!\\Z))"
_LINE_END = "(?:(?=[\\r\\x85\\u2028\\u2029]|\\Z)|(?<!\\r)(?=\\n))"
_CONTROLS = {"t": "\\t", "n": "\\n", "r": "\\r", "f": "\\f", "a": "\\x07", "e": "\\x1b"}
_POSIX = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "ASCII": "\\x00-\\x7f",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": "!-/:-@\\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "Blank": " \\t",
    "Cntrl": "\\x00-\\x1f\\x7f",
    "XDigit": "0-9a-fA-F",
    "Space": " \\t\\n\\x0b\\f\\r",
}
_NAME = re.compile("[a-zA-Z][a-zA-Z0-9]*")
_DEPTH_MAX = 100


class PatternError(Exception):
    """A pattern that cannot be followed; `invalid` where Java refuses it as well."""

    def __init__(self, message: str, *, invalid: bool = False) -> None:
        super().__init__(message)
        self.invalid = invalid


@dataclass(frozen=True, slots=True)
class JavaPattern:
    """A compiled pattern; `word_bounds`: it has word bounds, which only ASCII texts are sure of."""

    compiled: re.Pattern[str]
    word_bounds: bool

    @property
    def groups(self) -> int:
        """How many groups it captures."""
        return self.compiled.groups


@lru_cache(maxsize=512)
def java_pattern(pattern: str) -> JavaPattern:
    """The pattern, ready to match.

    Raises:
        PatternError: for what Java refuses, or what Python would read otherwise.
    """
    reader = _Reader(pattern)
    text = reader.alternatives(0)
    if reader.index < len(pattern):
        raise PatternError("an unmatched )", invalid=True)
    try:
        return JavaPattern(re.compile(text, re.ASCII), reader.word_bounds)
    except (re.error, RecursionError, OverflowError) as error:
        raise PatternError(str(error)) from None


@dataclass(slots=True)
class _Reader:
    pattern: str
    index: int = 0
    groups: int = 0
    names: list[str] = field(default_factory=list)
    word_bounds: bool = False
    flags: frozenset[str] = frozenset()

    def at(self, ahead: int = 0) -> str:
        place = self.index + ahead
        return self.pattern[place] if place < len(self.pattern) else ""

    def starts(self, text: str) -> bool:
        return self.pattern.startswith(text, self.index)

    # -- structure

    def alternatives(self, depth: int) -> str:
        if depth > _DEPTH_MAX:
            raise PatternError(f"groups deeper than {_DEPTH_MAX}")
        outside = self.flags
        parts = [self.sequence(depth)]
        while self.at() == "|":
            self.index += 1
            parts.append(self.sequence(depth))
        self.flags = outside
        return "|".join(parts)

    def sequence(self, depth: int) -> str:
        text = ""
        while self.at() and self.at() not in "|)":
            piece, repeatable = self.atom(depth)
            quantifier = self.quantifier()
            if quantifier and not repeatable:
                raise PatternError("a repeated assertion")
            text += piece + quantifier
        return text

    def atom(self, depth: int) -> tuple[str, bool]:
        character = self.at()
        self.index += 1
        if character == "(":
            return self.group(depth)
        if character == "[":
            return self.cased(self.char_class()), True
        if character == "\\":
            return self.escape(depth)
        if character == ".":
            return _ANY if "s" in self.flags else _DOT, True
        if character == "^":
            return _LINE_START if "m" in self.flags else "\\A", False
        if character == "$":
            return _LINE_END if "m" in self.flags else _END, False
        if character in "*+?{":
            raise PatternError(f"a lone {character}", invalid=True)
        return self.cased(re.escape(character)), True

    def cased(self, piece: str) -> str:
        return f"(?i:{piece})" if "i" in self.flags else piece

    def quantifier(self) -> str:
        start = self.index
        if self.at() and self.at() in "*+?":
            self.index += 1
        elif self.at() == "{":
            found = re.compile(r"\{(\d{1,9})(,(\d{1,9})?)?\}", re.ASCII).match(self.pattern, start)
            if found is None:
                raise PatternError("an illegal repetition", invalid=True)
            if found[3] and int(found[3]) < int(found[1]):
                raise PatternError("an illegal repetition range", invalid=True)
            self.index = found.end()
        else:
            return ""
        if self.at() and self.at() in "?+":
            self.index += 1
        if self.at() and self.at() in "*+?":
            raise PatternError("a dangling quantifier", invalid=True)
        if self.at() == "{":
            raise PatternError("a repeated repetition")
        return self.pattern[start : self.index]

    # -- groups

    def group(self, depth: int) -> tuple[str, bool]:
        for opened in ("?:", "?=", "?!", "?<=", "?<!", "?>"):
            if self.starts(opened):
                self.index += len(opened)
                return self.closed("(" + opened, depth), opened in ("?:", "?>")
        if self.starts("?<"):
            self.index += 2
            return self.named(depth), True
        if self.at() == "?":
            self.index += 1
            return self.flagged(depth)
        self.groups += 1
        return self.closed("(", depth), True

    def named(self, depth: int) -> str:
        found = _NAME.match(self.pattern, self.index)
        if found is None or not self.pattern.startswith(">", found.end()):
            raise PatternError("a bad group name", invalid=True)
        name = found[0]
        if name in self.names:
            raise PatternError(f"the group {name} twice", invalid=True)
        self.names.append(name)
        self.groups += 1
        self.index = found.end() + 1
        return self.closed(f"(?P<{name}>", depth)

    def flagged(self, depth: int) -> tuple[str, bool]:
        found = re.compile("([ims]*)(?:-([ims]*))?([:)])").match(self.pattern, self.index)
        if found is None:
            raise PatternError("these flags or this kind of group")
        self.index = found.end()
        flags = (self.flags | set(found[1])) - set(found[2] or "")
        if found[3] == ")":
            self.flags = flags
            return "", False
        outside, self.flags = self.flags, flags
        text = self.closed("(?:", depth)
        self.flags = outside
        return text, True

    def closed(self, opened: str, depth: int) -> str:
        inner = self.alternatives(depth + 1)
        if self.at() != ")":
            raise PatternError("an unclosed group", invalid=True)
        self.index += 1
        return f"{opened}{inner})"

    # -- escapes

    def escape(self, depth: int) -> tuple[str, bool]:
        character = self.at()
        if not character:
            raise PatternError("a lone \\ at the end", invalid=True)
        if character in "dDwWsS":
            self.index += 1
            return "\\" + character, True
        if character in "bB":
            if self.starts("b{"):
                raise PatternError("\\b{")
            self.index += 1
            self.word_bounds = True
            return "\\" + character, False
        if character in "AzZ":
            self.index += 1
            return {"A": "\\A", "z": "\\Z", "Z": _END}[character], False
        if character == "Q":
            return self.quoted()
        if character in "123456789":
            return self.back_reference(int(character))
        if character == "k":
            return self.named_reference()
        if character in "pP":
            return self.cased(self.property()), True
        return self.cased(self.literal_escape()), True

    def back_reference(self, number: int) -> tuple[str, bool]:
        self.index += 1
        if number > self.groups or self.at().isdigit():
            raise PatternError(f"\\{number}")
        return self.cased(f"(?:\\{number})"), True

    def named_reference(self) -> tuple[str, bool]:
        found = re.compile("k<([a-zA-Z][a-zA-Z0-9]*)>").match(self.pattern, self.index)
        if found is None or found[1] not in self.names:
            raise PatternError("a reference to no group", invalid=True)
        self.index = found.end()
        return self.cased(f"(?P={found[1]})"), True

    def quoted(self) -> tuple[str, bool]:
        end = self.pattern.find("\\E", self.index + 1)
        text = self.pattern[self.index + 1 : end if end >= 0 else len(self.pattern)]
        self.index = end + 2 if end >= 0 else len(self.pattern)
        if len(text) > 1 and self.at() and self.at() in "*+?{":
            raise PatternError("a quantifier behind \\E")
        return self.cased(re.escape(text)), bool(text)

    def property(self) -> str:
        found = re.compile(r"([pP])\{(\w+)\}", re.ASCII).match(self.pattern, self.index)
        if found is None or found[2] not in _POSIX:
            raise PatternError("this \\p")
        self.index = found.end()
        return f"[{'^' if found[1] == 'P' else ''}{_POSIX[found[2]]}]"

    def literal_escape(self) -> str:
        """An escape that stands for one character."""
        character = self.at()
        self.index += 1
        if character in _CONTROLS:
            return _CONTROLS[character]
        for form in (r"x([0-9a-fA-F]{2})", r"x\{([0-9a-fA-F]{1,6})\}", r"u([0-9a-fA-F]{4})"):
            found = re.compile(form).match(self.pattern, self.index - 1)
            if found is not None:
                self.index = found.end()
                return _code_point(int(found[1], 16))
        octal = re.compile("0([0-3][0-7]{2}|[0-7]{1,2})").match(self.pattern, self.index - 1)
        if octal is not None:
            self.index = octal.end()
            return _code_point(int(octal[1], 8))
        if character.isascii() and character.isalpha():
            raise PatternError(f"\\{character}", invalid=character in "gijlmoqyCEFIJKLMOTUY")
        return re.escape(character)

    # -- classes

    def char_class(self) -> str:
        text = "["
        if self.at() == "^":
            text += "^"
            self.index += 1
        first = True
        while self.at() != "]" or first:
            if not self.at():
                raise PatternError("an unclosed character class", invalid=True)
            if self.at() == "[" or self.starts("&&") or (first and self.at() in "]^"):
                raise PatternError("this character class")
            low, is_class = self.class_item()
            if self.at() == "-" and self.at(1) not in ("]", "[", "") and not is_class:
                self.index += 1
                high, is_class = self.class_item()
                if is_class:
                    raise PatternError("this range in a character class")
                low += "-" + high
            elif self.at() == "-" and is_class and self.at(1) != "]":
                raise PatternError("a - behind a class in a character class")
            text += low
            first = False
        self.index += 1
        return text + "]"

    def class_item(self) -> tuple[str, bool]:
        """One item, and whether it is itself a class."""
        character = self.at()
        self.index += 1
        if character != "\\":
            return re.escape(character), False
        character = self.at()
        if not character:
            raise PatternError("an unclosed character class", invalid=True)
        if character in "dDwWsS":
            self.index += 1
            return "\\" + character, True
        if character == "p":
            return self.property()[1:-1], True
        if character in "PQbBAzZk":
            raise PatternError(f"\\{character} in a character class")
        return self.literal_escape(), False


def _code_point(number: int) -> str:
    if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
        raise PatternError("half a character", invalid=number > 0x10FFFF)
    return re.escape(chr(number))


def similar_to_java(pattern: str, escape: str | None) -> str:
    """A pattern of SIMILAR TO as Java's regular expression for the whole text, as Calcite has it.

    Raises:
        PatternError: for what stands outside the common subset.
    """
    text, index, in_class = "", 0, False
    while index < len(pattern):
        character = pattern[index]
        if escape is not None and character == escape:
            index += 1
            if index == len(pattern):
                raise PatternError("an escape character at the end")
            text += "\\" + pattern[index] if not pattern[index].isalnum() else pattern[index]
        elif in_class:
            if character in "[:\\&":
                raise PatternError("this character class")
            text += character
            in_class = character != "]"
        elif character in "%_":
            text += ".*" if character == "%" else "."
        elif character == "[":
            text, in_class = text + character, True
        elif character in "^-":
            raise PatternError(f"a {character} outside of brackets")
        else:
            text += "\\" + character if character in "$.\\" else character
        index += 1
    return f"^(?:{text})\\z"
