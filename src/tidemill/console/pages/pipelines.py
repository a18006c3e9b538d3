"""Pipelines: all of them with rates, lag and event time."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.parts.actions import load
from tidemill.console.parts.frame import frame
from tidemill.console.parts.numbers import count, length, rate, size
from tidemill.console.parts.tables import Column, put, table
from tidemill.control.pipeline_states import PipelineState, pipeline_states

PATH = "/pipelines"
COLUMNS = (
    Column("name", "Pipeline", link="href"),
    Column("state", "State", state=True),
    Column("rows_in", "In", number=True),
    Column("rows_out", "Out", number=True),
    Column("lag", "Lag", number=True),
    Column("lag_s", "Behind", number=True),
    Column("watermark", "Watermark lag", number=True),
    Column("epoch_age", "Epoch age", number=True),
    Column("late", "Late", number=True),
    Column("dead", "Dead letters", number=True),
    Column("size", "State size", number=True),
)


def pipeline_row(state: PipelineState) -> dict[str, Any]:
    """A pipeline as a row of a table."""
    numbers: dict[str, tuple[str, float | None]] = {
        "rows_in": _both(state.rate("rows_in_per_s"), rate),
        "rows_out": _both(state.rate("rows_out_per_s"), rate),
        "lag": _both(state.number("lag"), count),
        "lag_s": _both(state.lag_s, length),
        "watermark": _both(state.watermark_lag_s if state.runs else None, length),
        "epoch_age": _both(state.epoch_age_s, length),
        "late": _both(state.number("rows_late"), count),
        "dead": _both(state.number("rows_rejected"), count),
        "size": _both(state.number("state_bytes"), size),
    }
    return {
        "name": state.name,
        "href": f"{PATH}/{quote(state.name, safe='')}",
        "state": state.state,
        **{key: text for key, (text, _) in numbers.items()},
        **{f"{key}_n": value for key, (_, value) in numbers.items()},
    }


def _both(value: float | None, text: Any) -> tuple[str, float | None]:
    return text(value), value


def add(hub: Hub) -> None:
    """Add the page."""

    @ui.page(PATH)
    async def page() -> None:
        with frame(hub, "Pipelines", PATH):
            shown = table(
                COLUMNS, [], label="Pipelines", paged=True,
                empty="No pipeline yet. Put a .sql file where tidemill.yaml says.",
            )  # fmt: skip

            async def refresh() -> None:
                states = await load(lambda: pipeline_states(hub.project))
                if states is not None:
                    put(shown, [pipeline_row(state) for state in states])

            await refresh()
            ui.timer(1.0, refresh)
