"""The text of a pipeline in an editor, checked as one types, and the plan that it gives."""

from __future__ import annotations

from nicegui import run, ui

from tidemill.console.hub import Hub
from tidemill.console.parts.actions import error_text
from tidemill.console.parts.editor import code_editor
from tidemill.control.check_text import TextCheck, check_text
from tidemill.control.pipeline import read_sql
from tidemill.errors import TextWhere, TidemillError

PAUSE_S = 0.4


def text_panel(hub: Hub, name: str) -> None:
    """The editor and, beside it, what `check` says; saving is the editor's of the project."""
    try:
        file = hub.project.pipeline(name)
        text = read_sql(file.path)
    except TidemillError as error:
        ui.label(error_text(error)).classes("empty")
        return
    with ui.row().classes("editor-row"):
        editor = code_editor(text, "PostgreSQL", "SQL of the pipeline")
        with ui.column().classes("findings"):
            ui.label(f"{file.path.name}: what you type is checked, not saved.").classes("hint")
            found = ui.column().classes("found")
            ui.label("Plan").classes("section")
            plan = ui.label().classes("plan")

    def show(result: TextCheck) -> None:
        found.clear()
        with found:
            for error in result.errors:
                place = (
                    f"{error.where.line}:{error.where.column} "
                    if isinstance(error.where, TextWhere)
                    else ""
                )
                ui.label(f"{place}{error.message}").classes("finding error")
                if error.hint:
                    ui.label(error.hint).classes("finding hint")
            for warning in result.warnings:
                ui.label(warning.message).classes("finding warning")
            for sentence in result.notes:
                ui.label(sentence).classes("finding note")
            if not (result.errors or result.warnings):
                ui.label("No error.").classes("finding fine")
        if result.plan is not None:
            plan.set_text(result.plan)

    checked: list[str | None] = [None]

    async def check() -> None:
        now = editor.value
        if now == checked[0]:
            return
        checked[0] = now
        result = await run.io_bound(lambda: check_text(hub.project, now, name))
        if result is not None and now == checked[0]:
            show(result)

    ui.timer(PAUSE_S, check)
