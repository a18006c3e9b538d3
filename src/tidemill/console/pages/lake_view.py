"""One view of lake.yaml: its columns and first rows."""

from __future__ import annotations

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.parts.actions import load
from tidemill.console.parts.frame import frame
from tidemill.console.parts.preview import show_preview
from tidemill.control.lake.browse import preview_view

PATH = "/lake/view"


def add(hub: Hub) -> None:
    """Add the page."""

    @ui.page(PATH)
    async def page(name: str) -> None:
        with frame(hub, "Lake", "/lake", trail=name):
            found = await load(lambda: preview_view(hub.project, name))
            if found is None:
                ui.label("It cannot be shown.").classes("empty")
                return
            show_preview(hub, found)
