"""Secrets that are written out in SQL where a reference should stand.

Found in the text, before anything is bound, so that no message shows them: `'key' = 'value'` where
the key names a secret, or the value is an address with a password in it. Non-guarantee: a secret
under a key that does not say so is not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidemill.errors import ProjectError, Span, TextWhere
from tidemill.project import MASK, looks_secret
from tidemill.records import dataclass

_GAP = r"(?:\s|--[^\n]*\n|/\*.*?\*/)*"
_STRING = r"'(?:[^']|'')*'"
_PART = re.compile(
    rf"--[^\n]*|/\*.*?\*/|(?P<key>{_STRING})(?:{_GAP}={_GAP}(?P<value>{_STRING}))?|.", re.DOTALL
)
_KEY = re.compile(r"(^|[._-])(user-info|secret-?key|ssl\.key\.pem)$")
_ADDRESS = re.compile(r"://[^/@\s:?]*:[^/@\s]+@|[?&;](ssl)?password=[^&;\s]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LiteralSecret:
    """One secret: its option, its value, and where it stands in a text that does not show it."""

    key: str
    value: str
    where: TextWhere

    def __repr__(self) -> str:
        return f"LiteralSecret({self.key!r}, {MASK}, {self.where})"

    @property
    def message(self) -> str:
        """What is wrong, in a sentence."""
        return f"the secret of `{self.key}` is written out in SQL"

    @property
    def hint(self) -> str:
        """How to mend it."""
        name = re.sub(r"\W+", "_", self.key).strip("_")
        return (
            f"Write '{self.key}' = '${{env:{name.upper()}}}' and set the environment variable, or "
            f"'${{file:secrets/{name.lower()}}}' (a file only you can read)."
        )

    @property
    def sentence(self) -> str:
        """All of it, for a list of notes."""
        return f"{self.where}: {self.message}. {self.hint}"

    def error(self) -> ProjectError:
        """The refusal of a project with `secrets: strict`."""
        return ProjectError(
            self.message,
            code="project.literal-secret",
            where=self.where,
            detail="tidemill.yaml says `secrets: strict`.",
            hint=self.hint,
        )


def literal_secrets(text: str, file: str) -> tuple[LiteralSecret, ...]:
    """The secrets that are written out in a SQL text as its author wrote it."""
    found = list(_found(text))
    shown = without(text, [span for _, span in found])
    return tuple(
        LiteralSecret(key, _plain(text[span.start : span.end]), TextWhere(file, shown, span))
        for key, span in found
    )


def without(text: str, spans: list[Span]) -> str:
    """The text with these strings made of stars; every other character keeps its place."""
    for span in spans:
        stars = re.sub(r"[^\n]", "*", text[span.start + 1 : span.end - 1])
        text = f"{text[: span.start + 1]}{stars}{text[span.end - 1 :]}"
    return text


def _found(text: str) -> Iterator[tuple[str, Span]]:
    for part in _PART.finditer(text):
        value = part.group("value")
        if value is None or len(value) == 2 or "${" in value:
            continue
        key = _plain(part.group("key"))
        if looks_secret(key) or _KEY.search(key.lower()) or _ADDRESS.search(value):
            yield key, Span(*part.span("value"))


def _plain(string: str) -> str:
    return string[1:-1].replace("''", "'")
