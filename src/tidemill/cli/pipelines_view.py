"""How pipelines are shown: a table of their states, and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.cli.output import say, table
from tidemill.cli.servers_view import duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidemill.control.pipeline_states import PipelineState

COLUMNS = ("pipeline", "state", "in/s", "out/s", "rows in", "rows out", "lag", "watermark lag",
            "epoch age", "late", "rejected")  # fmt: skip


def show_pipelines(states: Sequence[PipelineState]) -> None:
    """Those that ran at least once, as a table on stdout; why one failed on stderr."""
    seen = [state for state in states if state.live is not None or state.runs]
    if not seen:
        return
    table(COLUMNS, [pipeline_cells(state) for state in seen], right=COLUMNS[2:])
    for state in seen:
        error = state.number("error")
        if error and state.state == "failed":
            say(f"{state.name}: {error}")
        if state.state == "killed":
            say(f"{state.name}: its process ended without a word; the next run goes on from there.")


def pipeline_cells(state: PipelineState) -> tuple[object, ...]:
    """One row, in the order of COLUMNS."""
    age_s, behind_s = state.epoch_age_s, state.watermark_lag_s
    return (
        state.name,
        state.state,
        f"{state.rate('rows_in_per_s'):,.0f}",
        f"{state.rate('rows_out_per_s'):,.0f}",
        *(_count(state.number(key)) for key in ("rows_in", "rows_out", "lag")),
        duration(behind_s) if behind_s is not None and state.runs else None,
        None if age_s is None else duration(age_s),
        *(_count(state.number(key)) for key in ("rows_late", "rows_rejected")),
    )


def _count(value: int | None) -> str | None:
    return None if value is None else f"{value:,}"
