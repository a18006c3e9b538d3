"""`${...}` references in the project file, in SQL files and in connectors' JSON files.

The forms: `${env:NAME}`, `${env:NAME:-default}`, `${server:kafka.bootstrap}`,
`${secret:postgres.password}`, `${var:name}`, `${file:/path/to/secret}`. References are not nested
and not found inside SQL comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidemill.errors import ProjectError, Span, TextWhere, did_you_mean
from tidemill.records import dataclass

KINDS = ("env", "server", "secret", "var", "file")
_REFERENCE = re.compile(r"\$\{([^}\n]*)(\}?)")
_BODY = {
    "env": re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>.*))?"),
    "server": re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9_-]*)\.(?P<member>[A-Za-z0-9._-]+)"),
    "secret": re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9_-]*)\.(?P<member>[A-Za-z0-9._-]+)"),
    "var": re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9_-]*)"),
    "file": re.compile(r"(?P<name>.+)"),
}
_FORMS = {
    "env": "${env:NAME} or ${env:NAME:-default}",
    "server": "${server:kafka.bootstrap}",
    "secret": "${secret:postgres.password}",
    "var": "${var:name}",
    "file": "${file:/path/to/secret}",
}
_SQL_PART = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference: its kind, its parts, and where it stands."""

    kind: str
    name: str
    member: str
    default: str | None
    where: TextWhere

    @property
    def key(self) -> str:
        """The text between the braces."""
        span = self.where.span
        return self.where.text[span.start + 2 : span.end - 1]


def find_references(text: str, file: str) -> list[Reference]:
    """All references of a plain text, in order; a malformed one raises ProjectError."""
    return [_parse(match, match.start(), text, file) for match in _REFERENCE.finditer(text)]


def find_sql_references(text: str, file: str) -> list[Reference]:
    """All references of a SQL text, those in comments left out."""
    return list(_sql(text, file))


def parse_within(value: str, where: TextWhere) -> list[Reference]:
    """The references of one value that stands at `where` in a larger text."""
    found = []
    for match in _REFERENCE.finditer(value):
        start = where.text.find(match.group(), where.span.start)
        if start < 0:
            return find_references(value, where.file)
        found.append(_parse(match, start, where.text, where.file))
    return found


def _sql(text: str, file: str) -> Iterator[Reference]:
    for part in _SQL_PART.finditer(text):
        if part.group().startswith("'"):
            for match in _REFERENCE.finditer(part.group()):
                yield _parse(match, part.start() + match.start(), text, file)


def _parse(match: re.Match[str], start: int, text: str, file: str) -> Reference:
    where = TextWhere(file, text, Span(start, start + len(match.group())))
    body, closed = match.group(1), match.group(2)
    kind, colon, rest = body.partition(":")
    if not closed:
        raise _bad(f"`{match.group()}` has no closing brace", where, "Add `}` on the same line.")
    if kind not in KINDS:
        guess = did_you_mean(kind, KINDS) if colon else None
        hint = guess or f"An environment variable is written ${{env:{body}}}, a variable of the "
        hint = hint if guess else hint + f"project ${{var:{body}}}."
        raise _bad(f"`${{{body}}}` is no reference that Tidemill knows", where, hint)
    parts = _BODY[kind].fullmatch(rest)
    if parts is None:
        raise _bad(f"`${{{body}}}` is not complete", where, f"Write it as {_FORMS[kind]}.")
    groups = parts.groupdict()
    return Reference(kind, groups["name"], groups.get("member") or "", groups.get("default"), where)


def _bad(message: str, where: TextWhere, hint: str) -> ProjectError:
    return ProjectError(message, code="project.bad-reference", where=where, hint=hint)
