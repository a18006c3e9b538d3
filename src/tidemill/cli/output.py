"""Where text goes: data to stdout, talk to stderr; colour on a terminal without NO_COLOR."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO


def data(text: str) -> None:
    """Print a line of data."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def printable(text: str) -> str:
    """The text, with escapes for what would steer a terminal or end the line."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def data_json(value: Any) -> None:
    """Print a value as JSON: on one line for a pipe, indented for a person."""
    indent = 2 if sys.stdout.isatty() else None
    data(json.dumps(value, indent=indent, ensure_ascii=False, default=str))


def data_json_line(value: Any) -> None:
    """Print a value as one JSON line, always."""
    data(json.dumps(value, ensure_ascii=False, default=str))


def say(text: str = "") -> None:
    """Print a line of talk."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def say_styled(text: str, style: str) -> None:
    """Print a line of talk in a style, where stderr is a terminal."""
    say(styled(text, style, sys.stderr))


def styled(text: str, style: str, stream: TextIO) -> str:
    """`text` in an ANSI style, where the stream takes colour."""
    if not colour(stream):
        return text
    code = {"bold": "1", "dim": "2", "red": "1;31", "green": "32", "yellow": "33", "cyan": "36"}
    return f"\x1b[{code[style]}m{text}\x1b[0m"


def colour(stream: TextIO) -> bool:
    """Whether to write colour to a stream."""
    import os  # noqa: PLC0415 - kept out of the way of `--help`

    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Iterable[str] = ()
) -> None:
    """Print rows of data as a table; as plain aligned text where stdout is no terminal."""
    from rich import box  # noqa: PLC0415 - slow to import
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    made = Table(box=box.SIMPLE_HEAD if sys.stdout.isatty() else None, pad_edge=False)
    numbers = set(right)
    for column in columns:
        made.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text("" if value is None else str(value)) for value in row))
    width = None if sys.stdout.isatty() else 10_000
    console = Console(file=sys.stdout, width=width, no_color=not colour(sys.stdout))
    for line in _lines(console, made):
        data(line)


def _lines(console: Any, made: Any) -> list[str]:
    with console.capture() as captured:
        console.print(made)
    return [line.rstrip() for line in captured.get().rstrip("\n").split("\n")]
