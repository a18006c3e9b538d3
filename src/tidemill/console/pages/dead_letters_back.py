"""Puts the messages of dead letters back, after a preview says which would go and which stay."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.parts.actions import act, load
from tidemill.console.parts.frame import Frame
from tidemill.control.dead_letters.redrive import redrive
from tidemill.control.dead_letters.selection import Selection
from tidemill.control.dead_letters.text import redriven_lines


def redrive_panel(hub: Hub, on: Frame, pipeline: str, refresh: Any) -> None:
    """The panel for one pipeline; `refresh` shows its letters anew."""
    with ui.row().classes("tools"):
        code = ui.input("Only with the code", placeholder="all").props("dense outlined stack-label")
        tried = ui.button("Preview redrive", icon="replay")
        tried.props("dense outline no-caps")
        go = ui.button("Put back").props("dense unelevated no-caps color=negative")
        go.set_enabled(False)
        ui.label("When its cause is mended, each message can go back once.").classes("hint")
    said = ui.label().classes("hint lines").props('role=status aria-label="What a redrive does"')

    def chosen() -> Selection:
        return Selection(code=(code.value or "").strip() or None)

    async def dry() -> None:
        selection = chosen()
        found = await load(
            lambda: redrive(hub.project, hub.cluster, pipeline, selection, dry_run=True)
        )
        if found is not None:
            said.set_text("\n".join(redriven_lines(found)))
            go.set_enabled(found.messages > 0)

    async def do() -> None:
        selection = chosen()
        go.set_enabled(False)
        done = await act(
            on, "redrive dead letters", pipeline,
            lambda: redrive(hub.project, hub.cluster, pipeline, selection),
        )  # fmt: skip
        if done is not None:
            said.set_text("\n".join(redriven_lines(done)))
            await refresh()

    # What was previewed is what goes back.
    code.on_value_change(lambda: go.set_enabled(False))
    tried.on_click(dry)
    go.on_click(do)
