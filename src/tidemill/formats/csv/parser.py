"""One line into its fields, as Jackson's CSV parser reads it."""

from __future__ import annotations

from tidemill.formats.csv.options import CsvRules

_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}


class CsvLineError(ValueError):
    """The text is not a line of separated values."""


def split_line(text: str, rules: CsvRules) -> list[str] | None:
    """The fields of the first line; None where there is none (a comment, or nothing at all).

    Quotes count only at the begin of a field; within, a doubled one stands for itself. Text after
    the first line is not looked at.
    """
    text = text.removeprefix("\ufeff")
    if not text or (rules.comments and text.lstrip(" \t").startswith("#")):
        return None
    special = (rules.quote is not None and rules.quote in text) or (
        rules.escape is not None and rules.escape in text
    )
    if special:
        fields = _Scanner(text, rules).fields()
    else:
        line = text.split("\n", 1)[0].split("\r", 1)[0]
        fields = line.split(rules.delimiter)
    return [field.strip(" \t") for field in fields] if rules.trim and not special else fields


class _Scanner:
    """Goes over a line character by character."""

    def __init__(self, text: str, rules: CsvRules) -> None:
        self.text = text
        self.rules = rules
        self.at = 0

    def fields(self) -> list[str]:
        """All fields of the line."""
        found = [self._field()]
        while self.at < len(self.text) and self.text[self.at] == self.rules.delimiter:
            self.at += 1
            found.append(self._field())
        return found

    def _field(self) -> str:
        if self.rules.trim:
            self._skip_blanks()
        if self.at < len(self.text) and self.text[self.at] == self.rules.quote:
            self.at += 1
            return self._quoted()
        text = self._unquoted()
        return text.rstrip(" \t") if self.rules.trim else text

    def _unquoted(self) -> str:
        out: list[str] = []
        while self.at < len(self.text):
            character = self.text[self.at]
            if character == self.rules.delimiter or character in "\r\n":
                break
            self.at += 1
            out.append(self._escaped() if character == self.rules.escape else character)
        return "".join(out)

    def _quoted(self) -> str:
        out: list[str] = []
        while self.at < len(self.text):
            character = self.text[self.at]
            self.at += 1
            if character == self.rules.escape:
                out.append(self._escaped())
            elif character != self.rules.quote:
                out.append(character)
            elif self.text[self.at : self.at + 1] == self.rules.quote:
                self.at += 1
                out.append(character)
            else:
                self._end_of_field()
                return "".join(out)
        raise CsvLineError("a closing quote is missing")

    def _end_of_field(self) -> None:
        self._skip_blanks()
        rest = self.text[self.at : self.at + 1]
        if rest and rest != self.rules.delimiter and rest not in "\r\n":
            raise CsvLineError(f"{rest!r} follows a closing quote at character {self.at}")

    def _escaped(self) -> str:
        if self.at >= len(self.text):
            raise CsvLineError("the line ends with the escape character")
        character = self.text[self.at]
        self.at += 1
        return _ESCAPED.get(character, character)

    def _skip_blanks(self) -> None:
        while self.text[self.at : self.at + 1] in (" ", "\t"):
            self.at += 1
