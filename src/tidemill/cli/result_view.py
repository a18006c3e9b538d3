"""The rows of a SELECT on the screen, as text or as JSON lines.

A result that only grows is printed row by row, with the columns wide enough for the first rows. One
that changes is printed with its row kinds; on a terminal it is a table that changes in place, and
its last state is printed at the end.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tidemill.cli.output import data, data_json_line

if TYPE_CHECKING:
    from tidemill.control.sql_shell import ResultHead
    from tidemill.model import Batch

COLUMN_WIDTH_MAX = 60
LIVE_ROWS_MAX = 30


class ResultView:
    """Prints the results of a text; `end` says that no row follows.

    Rows of several SELECTs, which run side by side, are printed as they come: below the columns of
    their own, as JSON with the number of their SELECT.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self.rows = 0
        self._heads: list[ResultHead] = []
        self._texts: list[TextResult] = []
        self._live: LiveResult | None = None
        self._shown: int | None = None

    def head(self, head: ResultHead) -> None:
        """A result's columns are known; all heads come before the first row."""
        self._heads.append(head)
        self._texts.append(TextResult(head))

    def batch(self, head: ResultHead, batch: Batch) -> None:
        """Rows of a result."""
        self.rows += len(batch)
        rows = head.reader.rows(batch)
        number = self._heads.index(head)
        if self._as_json:
            several = {"select": number + 1} if len(self._heads) > 1 else {}
            for op, values in rows:
                data_json_line({**several, **head.reader.as_dict(op, values)})
        elif self._is_live():
            self._live = self._live or LiveResult(head)
            self._live.add(list(rows))
        else:
            again = self._shown not in (None, number)
            self._texts[number].add(list(rows), again=again)
            self._shown = number

    def _is_live(self) -> bool:
        """Whether the one result is a table that changes in place."""
        changelog = self._heads[0].changelog
        alone = len(self._heads) == 1 and sys.stdout.isatty()
        return alone and changelog.updates and not changelog.upsert

    @property
    def counted(self) -> bool:
        """Whether the result's own picture says how many rows there are."""
        return self._live is not None

    def end(self) -> None:
        """The results are complete, or were stopped."""
        if self._live is not None:
            self._live.end()
        elif not self._as_json:
            for text in self._texts:
                text.end()


class TextResult:
    """Rows one below the other; the first rows decide how wide the columns are."""

    def __init__(self, head: ResultHead) -> None:
        self._names = (["op"] if head.changelog.updates else []) + list(head.reader.names)
        self._with_op = head.changelog.updates
        self._widths: list[int] = []

    def add(self, rows: Sequence[tuple[str, list[Any]]], *, again: bool = False) -> None:
        """Print rows; `again` below their columns, as other rows stand between."""
        texts = [([op] if self._with_op else []) + [cell(v) for v in row] for op, row in rows]
        if again:
            data("")
        if texts and (again or not self._widths):
            self._begin(texts)
        for text in texts:
            padded = (value.ljust(width) for value, width in zip(text, self._widths, strict=True))
            data("  ".join(padded).rstrip())

    def end(self) -> None:
        """Print the columns also where there was no row."""
        if not self._widths:
            self._begin([])

    def _begin(self, texts: Sequence[Sequence[str]]) -> None:
        columns = [[name, *(text[i] for text in texts)] for i, name in enumerate(self._names)]
        self._widths = [min(max(map(len, column)), COLUMN_WIDTH_MAX) for column in columns]
        named = (name.ljust(width) for name, width in zip(self._names, self._widths, strict=True))
        data("  ".join(named).rstrip())
        data("  ".join("-" * width for width in self._widths))


class LiveResult:
    """A changing result as a table that is drawn again and again."""

    def __init__(self, head: ResultHead) -> None:
        from rich.live import Live  # noqa: PLC0415 - slow to import

        self._names = head.reader.names
        self._rows: Counter[tuple[str, ...]] = Counter()
        self._live = Live(auto_refresh=False, transient=True)
        self._live.start()

    def add(self, rows: Sequence[tuple[str, list[Any]]]) -> None:
        """Apply the changes and draw the table."""
        for op, row in rows:
            key = tuple(map(cell, row))
            self._rows[key] += 1 if op in ("+I", "+U") else -1
            if not self._rows[key]:
                del self._rows[key]
        lines = max(3, min(LIVE_ROWS_MAX, shutil.get_terminal_size().lines - 6))
        self._live.update(self._table(lines), refresh=True)

    def end(self) -> None:
        """Print the last state as a whole."""
        self._live.stop()
        from rich.console import Console  # noqa: PLC0415 - loaded already

        Console().print(self._table(None))

    def _table(self, rows_max: int | None) -> Any:
        from rich import box  # noqa: PLC0415 - loaded already
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        rows = list(self._rows.elements())
        shown = rows if rows_max is None else rows[-rows_max:]
        caption = f"{len(rows):,} row{'s' * (len(rows) != 1)}" + (
            f", the last {len(shown)}" if shown != rows else ""
        )
        table = Table(*self._names, box=box.SIMPLE_HEAD, caption=caption, caption_justify="left")
        for row in shown:
            table.add_row(*map(Text, row))
        return table


def cell(value: Any) -> str:
    """One value, for people."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value).replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
