"""Regular expressions: only patterns that mean the same in Java and in the engine (RE2)."""

from __future__ import annotations

from dataclasses import dataclass

from tidemill.model.types import BOOLEAN, INT, STRING
from tidemill.sql.expressions import Expression, Literal
from tidemill.sql.functions.registry import (
    BoundCall,
    FunctionArgumentError,
    FunctionTable,
    ScalarFunction,
)
from tidemill.sql.functions.signatures import (
    Arguments,
    any_nullable,
    as_text,
    count,
    literal_int,
    literal_text,
    table,
)

_HINT = "Use characters, classes, groups, |, *, +, ?, {n,m}, ^ and $."
_CLASSES = {"d": "0-9", "w": "A-Za-z0-9_", "s": r"\t\n\x0B\f\r "}
_CONTROLS = "tnrf"
_PUNCTUATION = r"\.[]{}()*+-?^$|/\"'#%&,:;<=>@_`~! "
_LINE_END = r"\n\r\x{85}\x{2028}\x{2029}"


@dataclass(slots=True)
class Pattern:
    """A Java pattern as RE2 writes it, with what must be known to use it.

    `sure_groups` always take part in a match; `ends_with_line` says that it has a `$`, which in
    Java also stands before a last line end.
    """

    text: str = ""
    groups: int = 0
    sure_groups: tuple[int, ...] = ()
    ends_with_line: bool = False


def translate(pattern: str) -> Pattern:
    """The pattern in RE2's syntax.

    Raises:
        FunctionArgumentError: for anything whose meaning would not be exactly Java's.
    """
    reader = _Reader(pattern)
    text, sure = reader.alternatives(0)
    if reader.index < len(pattern):
        raise reader.refuse("an unmatched )")
    return Pattern(text, reader.groups, tuple(sure), reader.has_end)


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.index = 0
        self.groups = 0
        self.has_end = False

    def refuse(self, what: str) -> FunctionArgumentError:
        return FunctionArgumentError(
            f"does not take {what} in the regular expression {self.pattern!r}", hint=_HINT
        )

    def at(self) -> str:
        return self.pattern[self.index] if self.index < len(self.pattern) else ""

    def alternatives(self, depth: int) -> tuple[str, list[int]]:
        """Sequences with | between; with more than one, no group is sure."""
        parts = [self.sequence(depth)]
        while self.at() == "|":
            self.index += 1
            parts.append(self.sequence(depth))
        sure = parts[0][1] if len(parts) == 1 else []
        return "|".join(text for text, _ in parts), sure

    def sequence(self, depth: int) -> tuple[str, list[int]]:
        text, sure = "", list[int]()
        while self.at() and self.at() not in "|)":
            piece, groups, repeatable = self.atom(depth)
            quantifier, at_least_once = self.quantifier()
            if quantifier and not repeatable:
                raise self.refuse("a repeated ^ or $")
            text += piece + quantifier
            if at_least_once:
                sure += groups
        return text, sure

    def atom(self, depth: int) -> tuple[str, list[int], bool]:
        """One piece, its sure groups, and whether it may be repeated."""
        character = self.at()
        self.index += 1
        if character == "(":
            return (*self.group(depth), True)
        if character == "[":
            return self.char_class(), [], True
        if character == "\\":
            return self.escape(in_class=False), [], True
        if character == ".":
            return f"[^{_LINE_END}]", [], True
        if character == "^":
            return r"\A", [], False
        if character == "$":
            if self.index < len(self.pattern) and self.at() not in "|)":
                raise self.refuse("a $ that is not last")
            self.has_end = True
            return r"\z", [], False
        if character in "*+?{":
            raise self.refuse(f"a lone {character}")
        return ("\\" + character if character in "]}" else character), [], True

    def group(self, depth: int) -> tuple[str, list[int]]:
        if depth > 50:
            raise self.refuse("groups this deep")
        number = 0
        opened = "("
        if self.pattern.startswith("?:", self.index):
            self.index += 2
            opened = "(?:"
        elif self.at() == "?":
            raise self.refuse("look-around, flags and named groups")
        else:
            self.groups += 1
            number = self.groups
        inner, sure = self.alternatives(depth + 1)
        if self.at() != ")":
            raise self.refuse("an unclosed group")
        self.index += 1
        return f"{opened}{inner})", [number, *sure] if number else sure

    def quantifier(self) -> tuple[str, bool]:
        """The quantifier that follows, and whether it asks for at least one."""
        start = self.index
        character = self.at()
        if character == "{":
            close = self.pattern.find("}", self.index)
            bounds = self.pattern[self.index + 1 : close].split(",") if close > 0 else ["x"]
            fine = len(bounds) <= 2 and all(b.isdecimal() and int(b) <= 1000 for b in bounds if b)
            if not fine or not bounds[0]:
                raise self.refuse("this {n,m}")
            self.index = close + 1
            at_least_once = int(bounds[0]) > 0
        elif character and character in "*+?":
            self.index += 1
            at_least_once = character == "+"
        else:
            return "", True
        if self.at() == "?":
            self.index += 1
        elif self.at() and self.at() in "+*{":
            raise self.refuse("possessive and repeated quantifiers")
        return self.pattern[start : self.index], at_least_once

    def escape(self, *, in_class: bool) -> str:
        character = self.at()
        self.index += 1
        if character in _CLASSES and character:
            return _CLASSES[character] if in_class else f"[{_CLASSES[character]}]"
        if character and character in "DWS" and not in_class:
            return f"[^{_CLASSES[character.lower()]}]"
        if character and character in _CONTROLS:
            return "\\" + character
        if character and character in _PUNCTUATION:
            return "\\" + character if character in r"\.[]{}()*+-?^$|" else character
        raise self.refuse(f"\\{character}")

    def char_class(self) -> str:
        text = "["
        if self.at() == "^":
            text += "^"
            self.index += 1
        first = True
        while self.at() != "]" or first:
            character = self.at()
            if not character or character == "[" or (first and character == "]"):
                raise self.refuse("this character class")
            if self.pattern.startswith("&&", self.index):
                raise self.refuse("&& in a character class")
            self.index += 1
            text += self.escape(in_class=True) if character == "\\" else _in_class(character)
            first = False
        self.index += 1
        return text + "]"


def _in_class(character: str) -> str:
    return "\\^" if character == "^" else character


def _pattern(expression: Expression) -> Literal:
    written = literal_text(expression, "the regular expression")
    translate(written)
    return Literal(written, expression.type, expression.span)


def _bind_regexp(arguments: Arguments) -> BoundCall:
    count(arguments, 2)
    bound = (as_text(arguments[0]), _pattern(arguments[1]))
    return BoundCall(bound, BOOLEAN.with_nullable(any_nullable(arguments)))


def _bind_extract(arguments: Arguments) -> BoundCall:
    count(arguments, 2, 3)
    pattern = _pattern(arguments[1])
    translated = translate(str(pattern.value))
    group = literal_int(arguments[2]) if len(arguments) == 3 else 0
    if group is None or group < 0:
        raise FunctionArgumentError("takes the number of a group as a literal")
    if 0 < group <= translated.groups and group not in translated.sure_groups:
        raise FunctionArgumentError(
            f"cannot tell an empty group {group} from one that takes no part in the match",
            hint="Put the optional part inside the group, as in (x?) for (x)?.",
        )
    if group == 0 and translated.ends_with_line:
        raise FunctionArgumentError(
            "takes no $ where the whole match is wanted",
            hint="Put a group around what is wanted, and ask for that group.",
        )
    number = Literal(group, INT.with_nullable(False))
    return BoundCall((as_text(arguments[0]), pattern, number), STRING)


def _bind_replace(arguments: Arguments) -> BoundCall:
    count(arguments, 3)
    pattern = _pattern(arguments[1])
    if translate(str(pattern.value)).ends_with_line:
        raise FunctionArgumentError("takes no $ in a replacement", hint=_HINT)
    bound = (as_text(arguments[0]), pattern, as_text(arguments[2]))
    return BoundCall(bound, STRING.with_nullable(any_nullable(arguments)))


FUNCTIONS: FunctionTable = table(
    ScalarFunction("REGEXP", _bind_regexp, "REGEXP(string, pattern)"),
    ScalarFunction("REGEXP_EXTRACT", _bind_extract, "REGEXP_EXTRACT(string, pattern [, group])"),
    ScalarFunction("REGEXP_REPLACE", _bind_replace, "REGEXP_REPLACE(string, pattern, replacement)"),
)
