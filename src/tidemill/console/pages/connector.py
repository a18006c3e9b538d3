"""One connector: state, traces, configuration without secrets, pause, resume, restart, delete."""

from __future__ import annotations

import json
from collections.abc import Callable

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.parts.actions import act, confirm, load
from tidemill.console.parts.editor import code_editor
from tidemill.console.parts.frame import Frame, frame
from tidemill.console.parts.gauge import slot_gauge
from tidemill.control import connectors as use
from tidemill.control.connect_client import ConnectorStatus
from tidemill.control.connector_config import masked_config, update_config, validate_config
from tidemill.control.connectors import Connect
from tidemill.control.slots import slot_of, slots

PATH = "/connectors/{name}"
_ACTIONS: tuple[tuple[str, str, Callable[[Connect, str], ConnectorStatus]], ...] = (
    ("Pause", "pause", use.pause),
    ("Resume", "play_arrow", use.resume),
    ("Restart", "restart_alt", use.restart),
)


def add(hub: Hub) -> None:
    """Add the page."""

    @ui.page(PATH)
    async def page(name: str) -> None:
        with frame(hub, "Connectors", "/connectors", trail=name) as on:
            config = await load(lambda: masked_config(hub.connect, name))
            if config is None:
                ui.label("It cannot be shown.").classes("empty")
                return
            with ui.row().classes("facts"):
                state = ui.label().classes("state")
                tasks = ui.label().classes("fact-line")
                ui.space()
                if on.may_change:
                    _buttons(hub, on, name)
            trace = ui.label().classes("error-text")
            gauge = ui.html("", sanitize=False).classes("gauge-box")

            async def refresh() -> None:
                now = await load(lambda: use.status(hub.connect, name))
                if now is None:
                    return
                shown = "FAILED" if now.failure is not None else now.state
                state.set_text(shown)
                state.classes(replace=f"state {shown}")
                tasks.set_text(
                    f"{now.type} · "
                    + ", ".join(f"task {task.id} {task.state.lower()}" for task in now.tasks)
                )
                trace.set_text(now.failure or "")
                slot = await load(lambda: slot_of(config, slots(hub.project)))
                gauge.set_content("" if slot is None else slot_gauge(slot))

            ui.label("Configuration").classes("section")
            _editor(hub, on, name, config)
            await refresh()
            ui.timer(3.0, refresh)


def _buttons(hub: Hub, on: Frame, name: str) -> None:
    for title, icon, do in _ACTIONS:

        async def clicked(
            title: str = title, do: Callable[[Connect, str], ConnectorStatus] = do
        ) -> None:
            done = await act(on, f"{title.lower()} connector", name, lambda: do(hub.connect, name))
            if done is not None:
                ui.notify(f"{name} is {done.state.lower()}.", type="positive")

        ui.button(title, icon=icon, on_click=clicked).props("dense outline no-caps")

    async def delete() -> None:
        def do() -> bool:
            use.delete(hub.connect, name)
            return True

        if await act(on, "delete connector", name, do):
            ui.navigate.to("/connectors")

    text = "It is deleted; its topics, slot and publication stay."
    ui.button(
        "Delete", icon="delete", on_click=lambda: confirm("Delete", text, name, delete)
    ).props("dense outline no-caps color=negative")


def _editor(hub: Hub, on: Frame, name: str, config: dict[str, str]) -> None:
    editor = code_editor(json.dumps(config, indent=2), "JSON", "Configuration").classes("config")
    if not on.may_change:
        editor.props("disable")
        return
    said = ui.label("A masked value keeps what it holds.").classes("hint lines")

    def given() -> dict[str, str] | None:
        try:
            value = json.loads(editor.value)
        except ValueError as error:
            said.set_text(f"This is not JSON: {error}")
            return None
        return {str(k): v if isinstance(v, str) else json.dumps(v) for k, v in value.items()}

    async def validate() -> None:
        wanted = given()
        if wanted is None:
            return
        errors = await act(
            on, "validate connector", name, lambda: validate_config(hub.connect, name, wanted)
        )
        if errors is not None:
            lines = [f"{one['option']}: {one['reason']}" for one in errors]
            said.set_text("\n".join(lines) or "Kafka Connect has nothing against it.")

    async def save() -> None:
        wanted = given()
        if wanted is None:
            return

        def do() -> bool:
            update_config(hub.connect, name, wanted)
            return True

        if await act(on, "configure connector", name, do):
            ui.notify("Kafka Connect has taken it.", type="positive")

    with ui.row().classes("tools"):
        ui.button("Validate", on_click=validate).props("dense outline no-caps")
        ui.button("Save", on_click=save).props("dense unelevated no-caps")
