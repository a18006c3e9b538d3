"""One object of the lake: facts, columns, and its first rows or text."""

from __future__ import annotations

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.pages.lake import crumbs
from tidemill.console.parts.actions import load
from tidemill.console.parts.frame import frame
from tidemill.console.parts.preview import show_preview
from tidemill.control.lake.browse import preview

PATH = "/lake/object"


def add(hub: Hub) -> None:
    """Add the page."""

    @ui.page(PATH)
    async def page(url: str) -> None:
        with frame(hub, "Lake", "/lake", trail=url.rpartition("/")[2] or url):
            crumbs(url)
            found = await load(lambda: preview(hub.project, url))
            if found is None:
                ui.label("It cannot be shown.").classes("empty")
                return
            show_preview(hub, found)
