"""The rows between the operators of a pipeline: the newest ones behind a node that one chooses."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.parts.actions import load
from tidemill.console.parts.rows import rows_table, shown_rows
from tidemill.console.parts.tables import put
from tidemill.control.pipeline_states import PipelineState
from tidemill.control.samples import samples

_NONE = "Rows are taken only while this tab is open and the pipeline runs; none came by yet."


class RowsPanel:
    """The panel; rows are asked for only while it is looked at."""

    def __init__(self, hub: Hub, state: PipelineState) -> None:
        self._hub, self._name = hub, state.name
        self._nodes = {node["id"]: _title(node) for node in state.graph()["nodes"]}
        self._table: ui.table | None = None
        self._shown: list[str] = []
        self.open = False
        with ui.row().classes("tools"):
            self._chosen = ui.select(
                self._nodes, value=next(iter(self._nodes), None), label="Rows behind",
                on_change=self.refresh,
            ).props("dense outlined stack-label").classes("wide-select")  # fmt: skip
            self._said = ui.label().classes("hint")
        self._box = ui.column().classes("wide")

    async def refresh(self) -> None:
        """Show the newest rows."""
        if not self.open or self._chosen.value is None:
            return
        found = await load(lambda: samples(self._hub.project, self._name))
        if found is None:
            return
        rows = found.get(str(self._chosen.value), [])
        self._said.set_text(f"The newest {len(rows)} rows, newest first." if rows else _NONE)
        names = [*rows[0]] if rows else []
        if self._table is not None and names == self._shown:
            put(self._table, shown_rows(self._hub, rows)[1])
            return
        self._shown = names
        self._box.clear()
        with self._box:
            self._table = rows_table(self._hub, rows, label="Rows") if rows else None


def _title(node: dict[str, Any]) -> str:
    place = node.get("place")
    return f"{node['title']} ({node['kind']}{', ' + place if place else ''})"
