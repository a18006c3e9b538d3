"""Two questions about a pipeline: why a row is there, and where a message ended."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.parts.actions import load
from tidemill.console.parts.rows import rows_table
from tidemill.control.why.answer import Why
from tidemill.control.why.masked import masked_why, masked_why_not
from tidemill.control.why_not.fate import Fate


class WhyPanel:
    """The panel; each question computes the pipeline anew, so it is asked by a button only."""

    def __init__(self, hub: Hub, name: str) -> None:
        self._hub, self._name = hub, name
        with ui.row().classes("tools"):
            self._key = _field("Key of a row", "zone=5,minute=2026-01-05 12:00:00", self._on_why)
            self._sink = _field("In the table (where there are several)", "", self._on_why)
            ui.button("Why is it there?", on_click=self._on_why).props("dense unelevated no-caps")
        with ui.row().classes("tools"):
            self._place = _field("A message", "trips:0:42", self._on_why_not)
            ui.button("Where did it end?", on_click=self._on_why_not).props(
                "dense unelevated no-caps"
            )
        self._box = ui.column().classes("wide")

    async def _on_why(self) -> None:
        key, sink = str(self._key.value or ""), str(self._sink.value or "").strip() or None
        if not key.strip():
            return
        self._wait()
        root, masks = self._hub.project.root, self._hub.masks
        found = await load(lambda: masked_why(root, self._name, key, sink, masks))
        self._box.clear()
        if found is not None:
            with self._box:
                self._show_why(found)

    async def _on_why_not(self) -> None:
        place = str(self._place.value or "").strip()
        if not place:
            return
        self._wait()
        root, masks = self._hub.project.root, self._hub.masks
        found = await load(lambda: masked_why_not(root, self._name, place, masks))
        self._box.clear()
        if found is not None:
            with self._box:
                self._show_fate(found)

    def _wait(self) -> None:
        self._box.clear()
        with self._box:
            ui.label("The pipeline is computed anew …").classes("hint")

    def _show_why(self, found: Why) -> None:
        for reason in found.reasons:
            ui.label(", ".join(f"{name} {value}" for name, value in reason.row.items()))
            many = len(reason.origins)
            more = f", and of rows of {', '.join(reason.tables)}" if reason.tables else ""
            ui.label(
                f"Made of {many} message{'' if many == 1 else 's'}, up to epoch {found.epoch:,}"
                f"{more}."
            ).classes("hint")
            rows: list[dict[str, Any]] = [
                {"message": str(one), "content": one.message.value.text if one.message else ""}
                for one in reason.origins
            ]
            rows_table(self._hub, rows, label="Messages")
        for line in found.said:
            ui.label(line).classes("hint")

    def _show_fate(self, found: Fate) -> None:
        ui.label(f"{found.place} is read as a row of {found.table}.")
        for line in found.said:
            ui.label(line)
        for effect in found.effects:
            for sign, rows in (("more", effect.adds), ("fewer", effect.takes)):
                if rows:
                    ui.label(f"{effect.sink} has because of it {sign}:").classes("hint")
                    rows_table(self._hub, rows, label=effect.sink)


def _field(label: str, example: str, asked: Any) -> ui.input:
    made = ui.input(label, placeholder=example).props("dense outlined stack-label")
    return made.classes("wide-select").on("keydown.enter", asked)
