"""The lake: buckets and views, and what lies in a folder of a bucket."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.pages.lake_table import show_table
from tidemill.console.parts.actions import load
from tidemill.console.parts.frame import frame
from tidemill.console.parts.numbers import NONE, count, moment, size
from tidemill.console.parts.tables import Column, put, table
from tidemill.control.lake.browse import Entry, Folder, buckets, folder, views

PATH = "/lake"
_COLUMNS = (
    Column("name", "Name", link="href"),
    Column("kind", "Kind"),
    Column("size", "Size", number=True),
    Column("modified", "Modified (UTC)"),
)
_BUCKETS = (Column("name", "Bucket", link="href"),)
_VIEWS = (Column("name", "View of lake.yaml", link="href"),)
_TABLES = {"iceberg": "An Iceberg table lies here.", "delta": "A Delta table lies here."}


def add(hub: Hub) -> None:
    """Add the page."""

    @ui.page(PATH)
    async def page(url: str = "") -> None:
        with frame(hub, "Lake", PATH, trail=url.removeprefix("s3://").rstrip("/")):
            if url:
                await _folder(hub, url)
                return
            shown = table(
                _BUCKETS, [], label="Buckets",
                empty="No bucket. Start the project's own store: tidemill up s3",
            )  # fmt: skip
            names = views(hub.project)
            if names:
                rows = [{"name": n, "href": f"{PATH}/view?name={quote(n)}"} for n in names]
                table(_VIEWS, rows, label="Views", empty="No view.")
            found = await load(lambda: buckets(hub.project))
            put(shown, [{"name": n, "href": folder_href(f"s3://{n}/")} for n in found or []])


async def _folder(hub: Hub, url: str) -> None:
    crumbs(url)
    said = ui.label().classes("hint")
    box = ui.input(placeholder="Search  /")
    box.props('dense outlined clearable data-search aria-label="Search in this folder"')
    shown = table(_COLUMNS, [], key="href", label="Objects", paged=True, empty="Nothing lies here.")
    found = await load(lambda: folder(hub.project, url))
    if found is None:
        return
    said.set_text(_sentence(found))

    def show() -> None:
        wanted = (box.value or "").lower()
        put(shown, [_row(one) for one in found.entries if wanted in one.name.lower()])

    box.on_value_change(show)
    show()
    if found.table is not None:
        await show_table(hub, url)


def crumbs(url: str) -> None:
    """The way down to a place, each step a link; the last step stands for itself."""
    steps = [step for step in url.removeprefix("s3://").split("/") if step]
    with ui.row().classes("crumbs").props('role=navigation aria-label="Place"'):
        ui.link("s3://", PATH)
        for place, step in enumerate(steps[:-1]):
            ui.link(step, folder_href("s3://" + "/".join(steps[: place + 1]) + "/"))
            ui.label("/")
        ui.label(steps[-1] if steps else "")


def folder_href(url: str) -> str:
    """The page of a folder."""
    return f"{PATH}?url={quote(url, safe='')}"


def _sentence(found: Folder) -> str:
    folders = sum(entry.is_folder for entry in found.entries)
    said = f"{count(folders)} folders, {count(len(found.entries) - folders)} objects"
    if found.more:
        said += ", more are there"
    return f"{said}. {_TABLES.get(found.table or '', '')}"


def _row(entry: Entry) -> dict[str, Any]:
    at = entry.modified
    object_href = f"{PATH}/object?url={quote(entry.url, safe='')}"
    return {
        "name": entry.name + ("/" if entry.is_folder else ""),
        "href": folder_href(entry.url) if entry.is_folder else object_href,
        "kind": "folder" if entry.is_folder else entry.name.rpartition(".")[2][:8],
        "size": size(entry.size),
        "size_n": entry.size,
        "modified": NONE if at is None else moment(at.timestamp() * 1000)[:19],
    }
