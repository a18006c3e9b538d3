"""Regular expressions: Java's, through RE2 where it means the same, else as Python has them."""

from __future__ import annotations

from tidemill.model import DataType, TypeRoot
from tidemill.model.types import BOOLEAN, INT, STRING
from tidemill.records import dataclass
from tidemill.sql.expressions import Expression, Literal
from tidemill.sql.functions.java_regex import PatternError, java_pattern, similar_to_java
from tidemill.sql.functions.registry import (
    BoundCall,
    FunctionArgumentError,
    FunctionTable,
    ScalarFunction,
)
from tidemill.sql.functions.signatures import (
    Arguments,
    Bind,
    any_nullable,
    as_int,
    as_text,
    count,
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


def re2_pattern(expression: Expression) -> Pattern | None:
    """The pattern of a string literal in RE2's syntax, or None where RE2 cannot follow it."""
    if not isinstance(expression, Literal) or not isinstance(expression.value, str):
        return None
    try:
        return translate(expression.value)
    except FunctionArgumentError:
        return None


def _pattern(expression: Expression) -> Expression:
    """A pattern; a literal one that cannot be followed is refused now, not row by row."""
    text = as_text(expression)
    if re2_pattern(text) is None and isinstance(text, Literal) and isinstance(text.value, str):
        check_java_pattern(text.value)
    return text


def check_java_pattern(pattern: str) -> None:
    """Refuse a pattern of Java's that is not followed; one that is none in Java may stand."""
    try:
        java_pattern(pattern)
    except PatternError as error:
        if not error.invalid:
            raise FunctionArgumentError(
                f"does not take {error} in the regular expression {pattern!r}", hint=_HINT
            ) from None


def _matching(returns: DataType) -> Bind:
    """A string and a pattern."""

    def bind(arguments: Arguments) -> BoundCall:
        count(arguments, 2)
        bound = (as_text(arguments[0]), _pattern(arguments[1]))
        return BoundCall(bound, returns.with_nullable(True))

    return bind


def _bind_regexp(arguments: Arguments) -> BoundCall:
    bound = _matching(BOOLEAN)(arguments)
    return BoundCall(bound.arguments, BOOLEAN.with_nullable(any_nullable(arguments)))


def _extracting(returns: DataType, group: int) -> Bind:
    """A string, a pattern, and the number of a group."""

    def bind(arguments: Arguments) -> BoundCall:
        count(arguments, 2, 3)
        number: Expression = Literal(group, INT.with_nullable(False))
        if len(arguments) == 3:
            number = as_int(arguments[2])
        return BoundCall((as_text(arguments[0]), _pattern(arguments[1]), number), returns)

    return bind


def _bind_replace(arguments: Arguments) -> BoundCall:
    count(arguments, 3)
    bound = (as_text(arguments[0]), _pattern(arguments[1]), as_text(arguments[2]))
    return BoundCall(bound, STRING)


def _bind_similar(arguments: Arguments) -> BoundCall:
    """(string, Java's pattern)."""
    count(arguments, 2, 3)
    pattern = literal_text(as_text(arguments[1]), "the pattern of SIMILAR TO")
    escape = literal_text(arguments[2], "the escape character") if len(arguments) == 3 else None
    if escape is not None and len(escape) != 1:
        raise FunctionArgumentError(f"takes one escape character, not {escape!r}")
    try:
        written = similar_to_java(pattern, escape)
        java_pattern(written)
    except PatternError as error:
        raise FunctionArgumentError(f"does not take {error} in the pattern {pattern!r}") from None
    bound = (as_text(arguments[0]), Literal(written, arguments[1].type, arguments[1].span))
    return BoundCall(bound, BOOLEAN.with_nullable(any_nullable(arguments)))


FUNCTIONS: FunctionTable = table(
    ScalarFunction("SIMILAR_TO", _bind_similar, "string SIMILAR TO pattern [ESCAPE character]"),
    ScalarFunction(
        "NOT_SIMILAR_TO", _bind_similar, "string NOT SIMILAR TO pattern [ESCAPE character]"
    ),
    ScalarFunction("REGEXP", _bind_regexp, "REGEXP(string, pattern)"),
    ScalarFunction(
        "REGEXP_EXTRACT", _extracting(STRING, 0), "REGEXP_EXTRACT(string, pattern [, group])"
    ),
    ScalarFunction(
        "REGEXP_EXTRACT_ALL",
        _extracting(DataType(TypeRoot.ARRAY, element=STRING), 1),
        "REGEXP_EXTRACT_ALL(string, pattern [, group])",
    ),
    ScalarFunction("REGEXP_REPLACE", _bind_replace, "REGEXP_REPLACE(string, pattern, replacement)"),
    ScalarFunction("REGEXP_COUNT", _matching(INT), "REGEXP_COUNT(string, pattern)"),
    ScalarFunction("REGEXP_INSTR", _matching(INT), "REGEXP_INSTR(string, pattern)"),
    ScalarFunction("REGEXP_SUBSTR", _matching(STRING), "REGEXP_SUBSTR(string, pattern)"),
)
