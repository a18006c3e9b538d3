"""Where an error happened: a place in a text, or a place in a running pipeline."""

from __future__ import annotations

from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one text, from `start` to `end` (exclusive), as character offsets from 0."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TextWhere:
    """A place in a text that a person wrote, shown as file:line:col with a caret line."""

    file: str
    text: str
    span: Span

    @property
    def line(self) -> int:
        """Line of the start, from 1."""
        return self.text.count("\n", 0, self.span.start) + 1

    @property
    def column(self) -> int:
        """Column of the start, from 1, in characters."""
        return self.span.start - (self.text.rfind("\n", 0, self.span.start) + 1) + 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def snippet(self, columns_max: int | None = None) -> str:
        """The line of the place with carets under the span, cut to what `columns_max` holds."""
        begin = self.text.rfind("\n", 0, self.span.start) + 1
        stop = self.text.find("\n", self.span.start)
        source = self.text[begin : stop if stop >= 0 else len(self.text)].rstrip()
        width = max(1, min(self.span.end, begin + len(source)) - self.span.start)
        number = str(self.line)
        gutter = " " * len(number)
        before, rest = source[: self.column - 1], source[self.column - 1 :]
        if columns_max is not None:
            room = max(20, columns_max - len(gutter) - 3)
            if len(source) > room:
                width = min(width, room // 2)
                before = _cut_left(before, max(room - len(rest), room - room // 3 - width))
                rest = _cut_right(rest, room - len(before))
        indent = "".join("\t" if c == "\t" else " " for c in before)
        return f"{gutter} |\n{number} | {before}{rest}\n{gutter} | {indent}{'^' * width}"


def _cut_left(text: str, length: int) -> str:
    return text if len(text) <= length else "…" + text[len(text) - length + 1 :]


def _cut_right(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a running pipeline or stack; only the parts that are known are set."""

    pipeline: str | None = None
    operator: str | None = None
    server: str | None = None
    table: str | None = None
    topic: str | None = None
    partition: int | str | None = None
    offset: int | str | None = None
    file: str | None = None

    def __str__(self) -> str:
        parts = {
            "pipeline": self.pipeline,
            "operator": self.operator,
            "server": self.server,
            "table": self.table,
            "topic": self.topic,
            "partition": self.partition,
            "offset": self.offset,
            "file": self.file,
        }
        return ", ".join(f"{name} {value}" for name, value in parts.items() if value is not None)
