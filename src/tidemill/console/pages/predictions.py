"""Predictions: what a model answered, live, with its input."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.parts.actions import load
from tidemill.console.parts.frame import frame
from tidemill.console.parts.rows import cell
from tidemill.console.parts.tables import Column, put, table
from tidemill.control.pipeline_states import PipelineState, pipeline_states
from tidemill.control.samples import models, predictions

PATH = "/predictions"
_PLACES = re.compile(r"#\d+\b")
"""A plan's text gives the place of each column behind its name."""
_NONE = (
    "No pipeline that has run here asks a model. "
    "Declare one with CREATE MODEL, and ask it with ML_PREDICT."
)


def add(hub: Hub) -> None:
    """Add the page."""

    @ui.page(PATH)
    async def page(pipeline: str | None = None) -> None:
        with frame(hub, "Predictions", PATH):
            states = await load(lambda: pipeline_states(hub.project)) or []
            asking = {state.name: state for state in states if models(state)}
            if not asking:
                ui.label(_NONE).classes("empty")
                return
            name = pipeline if pipeline in asking else next(iter(asking))
            with ui.row().classes("tools"):
                chosen = ui.select(
                    list(asking), value=name, label="Pipeline",
                    on_change=lambda event: ui.navigate.to(f"{PATH}?pipeline={event.value}"),
                )  # fmt: skip
                chosen.props("dense outlined stack-label").classes("wide-select")
                ui.link("Pipeline", f"/pipelines/{name}")
            await _follow(hub, asking[str(name)])


async def _follow(hub: Hub, state: PipelineState) -> None:
    said = ui.label().classes("hint")
    shown: dict[str, ui.table] = {}
    for one in models(state):
        ui.label(f"{one['model']}: {_PLACES.sub('', one['call'])}").classes("section")
        columns = (Column("input", "Input", code=True), Column("answer", "Answer", code=True))
        shown[_key(one)] = table(
            columns, [], key="id", label=f"Answers of {one['model']}", empty="No answer yet."
        )

    async def refresh() -> None:
        found = await load(partial(predictions, hub.project, state.name))
        if found is None:
            return
        for one in found:
            put(shown[_key(one)], [_row(n, answer) for n, answer in enumerate(one["answers"])])
        waiting = "The newest answers, while the pipeline runs."
        none = f"{state.name} does not run, or no row has come since this page is open."
        said.set_text(waiting if any(one["answers"] for one in found) else none)

    await refresh()
    ui.timer(1.0, refresh)


def _key(one: dict[str, Any]) -> str:
    return f"{one['node']} {one['column']}"


def _row(number: int, answer: dict[str, Any]) -> dict[str, Any]:
    return {"id": number, "input": _named(answer["input"]), "answer": _named(answer["answer"])}


def _named(value: Any) -> str:
    """`name: value` side by side, which reads better than JSON in a table."""
    if not isinstance(value, dict):
        return cell(value)
    return "  ".join(f"{name}: {cell(one)}" for name, one in value.items())
