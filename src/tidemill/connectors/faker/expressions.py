"""Expressions: text with calls `#{provider.method 'argument', ...}` in it."""

from __future__ import annotations

import re

from tidemill.records import dataclass

_CALL = re.compile(r"#\{\s*([A-Za-z_][\w.]*)\s*((?:'(?:[^'\\]|\\.)*'[\s,]*)*)\}", re.DOTALL)
_ARGUMENT = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ProviderCall:
    """One call; `key` is its name without case and underscores, `written` as it was written."""

    key: str
    written: str
    arguments: tuple[str, ...]


def parse_expression(text: str) -> list[str | ProviderCall]:
    """The parts of an expression in order; ValueError, in words, for a call that is none."""
    parts: list[str | ProviderCall] = []
    at = 0
    for match in _CALL.finditer(text):
        parts += _plain(text[at : match.start()])
        name = match.group(1)
        arguments = tuple(_ARGUMENT.findall(match.group(2)))
        parts.append(ProviderCall(name.replace("_", "").lower(), name, arguments))
        at = match.end()
    return parts + _plain(text[at:])


def _plain(text: str) -> list[str | ProviderCall]:
    if "#{" in text:
        raise ValueError(f"`{text[text.index('#{') :]}` is not written as #{{name.method 'value'}}")
    return [text] if text else []
