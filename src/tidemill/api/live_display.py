"""Shown while it runs: a running answer, a pipeline's progress, a topic, drawn anew in a notebook.

The drawing is Jupyter's (IPython's `display`): the cell's output is replaced, the page does not
grow. A cell that shows something runs until what it shows ends, until `seconds` are over, or until
the kernel is interrupted; then the query is stopped, while a pipeline goes on.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any

import pyarrow as pa

from tidemill.api.display import ROWS_MAX, html_table, text_table
from tidemill.api.optional import needed
from tidemill.api.result import OP, Result
from tidemill.model import RowKind

EVERY_S = 0.5


class Frame:
    """A table with its title, as a console and a notebook show it."""

    def __init__(self, table: pa.Table, title: str) -> None:
        self.table, self.title = table, title

    def __repr__(self) -> str:
        return text_table(self.table, self.title)

    def _repr_html_(self) -> str:
        return html_table(self.table, self.title)


class Screen:
    """A place in a notebook's output whose content is replaced; UserError without IPython."""

    def __init__(self) -> None:
        self._display = needed("IPython.display").display
        self._handle: Any = None

    def show(self, frame: Frame) -> None:
        """Put the frame in place of the one before."""
        if self._handle is None:
            self._handle = self._display(frame, display_id=True)
        else:
            self._handle.update(frame)


class Standing:
    """The rows of a running query as they stand.

    Of rows that are only ever added, or that replace each other by a key that the result does not
    carry, the newest are kept; of others all. An update takes the place of what it replaces.
    """

    def __init__(self, schema: pa.Schema, *, appends: bool, upsert: bool) -> None:
        self._schema = schema
        self._appends = appends
        self._upsert = upsert
        self._newest: deque[tuple[Any, ...]] = deque(maxlen=ROWS_MAX)
        self._rows: dict[int, tuple[Any, ...]] = {}
        self._places: dict[str, list[int]] = {}
        self._vacant: deque[int] = deque()
        self._next = 0
        self.changes = 0

    def add(self, result: Result) -> None:
        """Take the next changes."""
        changes = result.changes
        self.changes += len(changes)
        rows = zip(*(column.to_pylist() for column in changes.columns), strict=True)
        if self._appends:
            self._newest.extend(row[1:] for row in rows)
        elif self._upsert:
            self._newest.extend(rows)
        else:
            for kind, *values in rows:
                self._apply(kind, tuple(values))

    def frame(self, state: str) -> Frame:
        """The newest rows, or the first of those that stand."""
        count = f"{self.changes:,} row{'s' * (self.changes != 1)}"
        if self._appends:
            return Frame(_table(list(self._newest), self._schema), f"{count}, {state}")
        if self._upsert:
            schema = self._schema.insert(0, pa.field(OP, pa.string()))
            return Frame(_table(list(self._newest), schema), f"{count} of changes, {state}")
        shown = [self._rows[place] for place in sorted(self._rows)[:ROWS_MAX]]
        title = f"{len(self._rows):,} rows after {self.changes:,} changes, {state}"
        return Frame(_table(shown, self._schema), title)

    def _apply(self, kind: str, row: tuple[Any, ...]) -> None:
        key = repr(row)
        if kind in (RowKind.INSERT.short, RowKind.UPDATE_AFTER.short):
            replaces = kind == RowKind.UPDATE_AFTER.short and self._vacant
            place = self._vacant.popleft() if replaces else self._next
            self._next += place == self._next
            self._rows[place] = row
            self._places.setdefault(key, []).append(place)
            return
        places = self._places.get(key, [])
        if places:
            place = places.pop()
            del self._rows[place]
            if not places:
                del self._places[key]
            if kind == RowKind.UPDATE_BEFORE.short:
                self._vacant.append(place)


def show_rows(
    batches: Generator[Result | None, None, None], standing: Callable[[], Standing | None],
    every_s: float, seconds: float | None,
) -> None:  # fmt: skip
    """Show a running query; `standing` is known once the query has begun.

    `batches` gives None now and then where no rows come.
    """
    screen, begun, drawn = Screen(), time.monotonic(), 0.0
    state = "ended"
    try:
        with closing(batches):
            for batch in batches:
                now, rows = time.monotonic(), standing()
                if rows is not None and batch is not None:
                    rows.add(batch)
                if rows is not None and now - drawn >= every_s:
                    screen.show(rows.frame("running"))
                    drawn = now
                if seconds is not None and now - begun >= seconds:
                    state = f"stopped after {seconds:g} s"
                    break
    except KeyboardInterrupt:
        state = "stopped"
    found = standing()
    if found is not None:
        screen.show(found.frame(state))


def show_until(
    frame: Callable[[], Frame], ended: Callable[[], bool], every_s: float, seconds: float | None
) -> None:
    """Show what `frame` gives, again and again, until it has ended or the time is over."""
    screen, begun = Screen(), time.monotonic()
    try:
        while True:
            over = ended()
            screen.show(frame())
            left_s = every_s if seconds is None else seconds - (time.monotonic() - begun)
            if over or left_s <= 0:
                return
            time.sleep(min(every_s, left_s))
    except KeyboardInterrupt:
        return


def _table(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [() for _ in schema]
    arrays = [pa.array(list(c), f.type) for c, f in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
