"""The root cause in a Java stack trace, as one line for a person."""

from __future__ import annotations

import re

from tidemill.records import dataclass

_CAUSE = re.compile(r"^\s*Caused by: ", re.MULTILINE)
_END = re.compile(
    r"^\s+at \S+\(|^\s*\.\.\. \d+ more|^End of exception|^\s*Suppressed:", re.MULTILINE
)
_CLASS = re.compile(r"^(?:[a-z_][\w$]*\.)+[A-Z][\w$]*(?:: |$)")
_PLACE = re.compile(
    r"(?:From line (\d+), column (\d+) to line (\d+), column (\d+)|"
    r"[Aa]t line (\d+), column (\d+))[:.]?\s*"
)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something failed.

    `place` is (line, column, last line, last column) inside the statement, from 1, where Flink
    names it; `more` are the lines after the first.
    """

    message: str
    more: str | None = None
    place: tuple[int, int, int, int] | None = None


def root_cause(trace: str) -> Cause:
    """The innermost cause that says something."""
    text = trace.replace("<Exception on server side:\n", "")
    found = [_head(part) for part in _CAUSE.split(text)]
    said = [head for head in found if head]
    if not said:
        return Cause("Flink gave no reason")
    message = said[-1]
    place = None
    for head in reversed(said):
        if match := _PLACE.search(head):
            place = _numbers(match)
            break
    message = _PLACE.sub("", message).strip()
    first, _, rest = message.partition("\n")
    return Cause(first.strip().rstrip("."), rest.strip() or None, place)


def _head(part: str) -> str:
    """The message of one exception, without its class and its stack."""
    stop = _END.search(part)
    head = part[: stop.start()] if stop else part
    head = head.strip()
    while match := _CLASS.match(head):
        head = head[match.end() :].strip()
    return head


def _numbers(match: re.Match[str]) -> tuple[int, int, int, int]:
    if match[1]:
        return int(match[1]), int(match[2]), int(match[3]), int(match[4])
    return int(match[5]), int(match[6]), int(match[5]), int(match[6])
