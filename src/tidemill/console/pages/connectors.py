"""Connectors of Kafka Connect with their tasks, and what replication slots hold of the log."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.parts.actions import load
from tidemill.console.parts.frame import frame
from tidemill.console.parts.gauge import slot_gauge
from tidemill.console.parts.tables import Column, put, table
from tidemill.control.connect_client import ConnectorStatus
from tidemill.control.connectors import list_connectors
from tidemill.control.slots import slots

PATH = "/connectors"
_COLUMNS = (
    Column("name", "Connector", link="href"),
    Column("type", "Type"),
    Column("state", "State", state=True),
    Column("tasks", "Tasks"),
    Column("trace", "Reason", code=True),
)


def add(hub: Hub) -> None:
    """Add the page."""

    @ui.page(PATH)
    async def page() -> None:
        with frame(hub, "Connectors", PATH):
            shown = table(
                _COLUMNS, [], label="Connectors",
                empty="No connector. Register one: tidemill connector register FILE.json",
            )  # fmt: skip

            # Also of slots that pipelines read themselves, by `postgres-cdc`.
            gauges = ui.html("", sanitize=False).classes("gauge-box")

            async def refresh() -> None:
                found = await load(lambda: list_connectors(hub.connect))
                if found is not None:
                    put(shown, [_row(status) for status in found])
                held = await load(lambda: slots(hub.project))
                gauges.set_content("".join(slot_gauge(slot) for slot in held or ()))

            await refresh()
            ui.timer(5.0, refresh)


def _row(status: ConnectorStatus) -> dict[str, Any]:
    return {
        "name": status.name,
        "href": f"{PATH}/{quote(status.name, safe='')}",
        "type": status.type,
        "state": "FAILED" if status.failure is not None else status.state,
        "tasks": ", ".join(f"{task.id} {task.state.lower()}" for task in status.tasks),
        "trace": (status.failure or "").partition("\n")[0],
    }
