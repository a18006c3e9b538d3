"""The begin of a file, a view or a table of the lake."""

from __future__ import annotations

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.parts.numbers import count, size
from tidemill.console.parts.rows import rows_table
from tidemill.console.parts.tables import Column, table
from tidemill.control.lake.browse import ROWS_MAX, Preview

_COLUMNS = (Column("name", "Column"), Column("type", "Type", code=True))


def show_preview(hub: Hub, found: Preview) -> None:
    """What is known of a file or a view."""
    facts = [f"{name}: {_fact(name, value)}" for name, value in found.facts]
    ui.label(" · ".join(facts)).classes("fact-line")
    if found.kind == "bytes":
        ui.label("It is no text, and of no kind that has rows here.").classes("empty")
        return
    if found.kind == "text":
        ui.label(found.text).classes("plan")
        return
    ui.label(f"The first {min(ROWS_MAX, len(found.rows))} rows").classes("section")
    rows_table(hub, found.rows, label="Rows")
    ui.label("Columns").classes("section")
    columns = [{"name": name, "type": type_} for name, type_ in found.columns]
    table(_COLUMNS, columns, label="Columns", empty="No column.")


def _fact(name: str, value: str | int) -> str:
    if isinstance(value, str):
        return value
    return size(value) if name == "Size" else count(value)
