"""Late rows and dead letters: which pipeline, which row, from where, and why."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.pages.dead_letters_back import redrive_panel
from tidemill.console.parts.actions import load
from tidemill.console.parts.frame import frame
from tidemill.console.parts.numbers import count
from tidemill.console.parts.tables import Column, table
from tidemill.control.pipeline_states import pipeline_states
from tidemill.control.side_rows import SideTable, side_rows, side_topics

PATH = "/dead-letters"
_DEAD = (
    Column("origin", "Origin"),
    Column("code", "Code"),
    Column("message", "Reason"),
    Column("key", "Key", code=True),
    Column("value", "Value", code=True),
)
_LATE = (Column("row", "Row", code=True),)
_NOTHING = "No row was rejected and none came too late."


def add(hub: Hub) -> None:
    """Add the page."""

    @ui.page(PATH)
    async def page(pipeline: str | None = None, side: str = "dead-letter", text: str = "") -> None:
        with frame(hub, "Dead letters", PATH) as on:
            states = await load(lambda: pipeline_states(hub.project)) or []
            names = [state.name for state in states]
            if not names:
                ui.label(_NOTHING).classes("empty")
                return
            found: list[tuple[str, SideTable]] = []
            for name in names:
                sides = await load(partial(side_topics, hub.project, name)) or []
                found += [(name, one) for one in sides if one.rows or name == pipeline]
            choices = {
                f"{name}/{one.name}": f"{name}: {one.name} ({count(one.rows)})"
                for name, one in found
            }
            if not choices:
                ui.label(
                    _NOTHING + " Such rows are kept here with their origin and reason."
                ).classes("empty")
                return
            wanted = f"{pipeline}/{side}"
            with ui.row().classes("tools"):
                chosen = ui.select(
                    choices,
                    value=wanted if wanted in choices else next(iter(choices)),
                    label="Table",
                )
                box = ui.input(placeholder="Search  /", value=text)
                box.props('dense outlined clearable data-search aria-label="Search rows"')
                chosen.props("dense outlined stack-label").classes("wide-select")
            place = ui.label().classes("hint")
            back = ui.column().classes("wide")
            shown = ui.column().classes("wide")

            opened: list[Any] = []

            async def refresh() -> None:
                name, _, table_name = str(chosen.value).partition("/")
                rows = await load(
                    lambda: side_rows(
                        hub.project,
                        hub.cluster,
                        name,
                        table_name,
                        limit=500,
                        text=box.value or "",
                        masks=hub.masks,
                    )
                )
                one = next(one for owner, one in found if f"{owner}/{one.name}" == chosen.value)
                place.set_text(
                    f"Kept in the topic {one.topic}" if one.topic else f"Kept in {one.path}"
                )
                if on.may_change and opened != [chosen.value]:
                    opened[:] = [chosen.value]
                    back.clear()
                    if one.topic and table_name == "dead-letter":
                        with back:
                            redrive_panel(hub, on, name, refresh)
                shown.clear()
                with shown:
                    _show(rows or [], dead=table_name == "dead-letter")

            chosen.on_value_change(refresh)
            box.on("keydown.enter", refresh)
            await refresh()


def _show(rows: list[dict[str, Any]], *, dead: bool) -> None:
    made: list[dict[str, Any]] = [_dead_row(row) if dead else {"row": _json(row)} for row in rows]
    for number, row in enumerate(made):
        row["id"] = number
    table(_DEAD if dead else _LATE, made, key="id", label="Rows", empty=_NOTHING, paged=True)


def _dead_row(row: dict[str, Any]) -> dict[str, Any]:
    place = [row.get("topic"), row.get("partition"), row.get("position")]
    origin = " ".join(str(part) for part in place if part is not None)
    return {
        "origin": origin or f"{row.get('table')} ({row.get('stage')})",
        "code": row.get("code"),
        "message": row.get("message"),
        "key": row.get("key") or "",
        "value": str(row.get("value") or "")[:500],
    }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
