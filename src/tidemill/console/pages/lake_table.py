"""An Iceberg or Delta table in a folder of the lake: its versions, its first rows."""

from __future__ import annotations

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.parts.actions import load
from tidemill.console.parts.numbers import NONE, count, moment
from tidemill.console.parts.preview import show_preview
from tidemill.console.parts.tables import Column, table
from tidemill.control.lake.table_view import Version, table_view

_COLUMNS = (
    Column("name", "Version", code=True),
    Column("at", "Made (UTC)"),
    Column("operation", "Operation"),
    Column("rows", "Rows added", number=True),
    Column("current", ""),
)


async def show_table(hub: Hub, url: str) -> None:
    """Add it to a folder's page."""
    found = await load(lambda: table_view(hub.project, url))
    if found is None:
        return
    title = "Snapshots" if found.kind == "iceberg" else "Versions"
    ui.label(title).classes("section")
    table(
        _COLUMNS, [_row(one) for one in found.versions], key="name", label=title, paged=True,
        empty="The table has no version yet.",
    )  # fmt: skip
    show_preview(hub, found.preview)


def _row(version: Version) -> dict[str, object]:
    return {
        "name": version.name,
        "at": NONE if version.at is None else moment(version.at.timestamp() * 1000)[:19],
        "operation": version.operation,
        "rows": NONE if version.rows_added is None else count(version.rows_added),
        "rows_n": version.rows_added,
        "current": "current" if version.current else "",
    }
