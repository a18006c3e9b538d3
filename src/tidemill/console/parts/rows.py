"""Plain rows of any columns as a table: samples, failing rows, previews."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.parts.tables import Column, put, table

CHARS_MAX = 500


def rows_table(hub: Hub, rows: Sequence[Mapping[str, Any]], *, label: str) -> ui.table:
    """A table with the columns of its rows, personal ones masked."""
    columns, made = shown_rows(hub, rows)
    return table(columns, made, key="_id", label=label, empty="No row.", paged=len(made) > 50)


def put_rows(hub: Hub, shown: ui.table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Show other rows of the same columns."""
    put(shown, shown_rows(hub, rows)[1])


def shown_rows(
    hub: Hub, rows: Sequence[Mapping[str, Any]]
) -> tuple[list[Column], list[dict[str, Any]]]:
    """Columns and texts of rows; a column is a number where all its values are."""
    masks = hub.masks
    masked = [masks.row(row) for row in rows]
    names = list(dict.fromkeys(name for row in masked for name in row))
    columns = [
        Column(f"c{place}", name, number=_numbers([row.get(name) for row in masked]))
        for place, name in enumerate(names)
    ]
    made = []
    for number, row in enumerate(masked):
        cells: dict[str, Any] = {"_id": number}
        for place, name in enumerate(names):
            value = row.get(name)
            cells[f"c{place}"] = cell(value)
            cells[f"c{place}_n"] = value if _is_number(value) else None
        made.append(cells)
    return columns, made


def cell(value: Any) -> str:
    """A value as a cell shows it."""
    if value is None:
        return "null"
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=str)[:CHARS_MAX]
    return str(value)[:CHARS_MAX]


def _numbers(values: Sequence[Any]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(map(_is_number, known))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
