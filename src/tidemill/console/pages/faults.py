"""Faults: the chaos runs that were kept, and one of them with its table and its actions."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import quote

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.parts.actions import load
from tidemill.console.parts.frame import frame
from tidemill.console.parts.numbers import NONE, count
from tidemill.console.parts.tables import Column, table
from tidemill.control.chaos.view import chaos_run, chaos_runs

PATH = "/faults"
_EMPTY = "No chaos run was kept. Make one in a terminal: tidemill chaos --minutes 5"
_RUNS = (
    Column("when", "When", link="href"),
    Column("pipeline", "Pipeline"),
    Column("verdict", "Result", state=True),
    Column("seed", "Seed", number=True),
    Column("actions", "Actions", number=True),
    Column("kills", "Kills", number=True),
    Column("rows", "Rows", number=True),
    Column("p50", "Recovery p50", number=True),
    Column("p99", "p99", number=True),
)
_TOTALS = (
    Column("fault", "Fault"),
    Column("times", "Times", number=True),
    Column("doubled", "Doubled", number=True),
    Column("kills", "Kills", number=True),
    Column("p50", "Recovery p50", number=True),
    Column("p99", "p99", number=True),
    Column("verdict", "Result", state=True),
)
_ACTIONS = (
    Column("at", "At", number=True),
    Column("line", "Action", code=True),
    Column("recovery", "Recovery", number=True),
    Column("kills", "Kills", number=True),
    Column("verdict", "Result", state=True),
    Column("notes", "Notes"),
)


def add(hub: Hub) -> None:
    """Add the page."""

    @ui.page(PATH)
    async def page(run: str | None = None) -> None:
        with frame(hub, "Faults", PATH, trail=run or ""):
            if run is None:
                found = await load(partial(chaos_runs, hub.project)) or []
                table(_RUNS, [_run(one) for one in found], key="id", empty=_EMPTY, paged=True,
                      label="Chaos runs")  # fmt: skip
                return
            one = await load(partial(chaos_run, hub.project, run))
            if one is not None:
                _show(one)


def _show(one: Mapping[str, Any]) -> None:
    """One run: the verdict, the table, the actions."""
    said = "Everything held" if one["holds"] else "Something did not hold"
    if one["interrupted"]:
        said += "; it was interrupted before the last checks"
    ui.label(
        f"{said}: {count(one['rows'])} rows in, {count(one['rows_out'])} out, "
        f"{count(one['windows'])} windows, {count(one['dead_letters'])} dead letters, "
        f"{count(one['kills'])} kills in {one['seconds']:.0f} s."
    ).classes("hint")
    for broken in one["broken"]:
        ui.label(f"{broken['invariant']}: {broken['found']}").classes("error-text")
    if one["shortest"]:
        ui.label("The shortest schedule that breaks it").classes("section")
        _lines(one["shortest"])
    ui.label("By fault").classes("section")
    table(_TOTALS, [_total(line) for line in one["totals"]], key="fault", empty="No action.",
          label="By fault")  # fmt: skip
    for name, reason in one["left_out"].items():
        ui.label(f"Left out: {name}, as {reason}.").classes("hint")
    ui.label("Actions").classes("section")
    rows = [_action(action) for action in one["actions"]]
    table(_ACTIONS, rows, key="number", empty="No action.", paged=True, label="Actions")
    ui.label("Again").classes("section")
    _lines([one["command"]])


def _lines(lines: Sequence[str]) -> None:
    """Lines to be typed or kept in a file."""
    for line in lines:
        ui.html(f"<code>{html.escape(line)}</code>", sanitize=False)


def _run(one: Mapping[str, Any]) -> dict[str, Any]:
    when = datetime.fromtimestamp(one["begun_at_ms"] / 1000, UTC)
    return {
        "id": one["id"],
        "when": f"{when:%Y-%m-%d %H:%M:%S}",
        "href": f"{PATH}?run={quote(one['id'])}",
        "pipeline": one["pipeline"],
        "verdict": _verdict(one["holds"]),
        **_numbers(one, "seed", "actions", "kills", "rows"),
        **_times(one),
    }


def _total(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "fault": one["fault"],
        "verdict": _verdict(not one["broken"]),
        **_numbers(one, "times", "doubled", "kills"),
        **_times(one),
    }


def _action(one: Mapping[str, Any]) -> dict[str, Any]:
    broken = [f"{found['invariant']}: {found['found']}" for found in one["broken"]]
    return {
        "number": one["number"],
        "line": one["line"],
        "verdict": _verdict(not broken),
        "notes": "; ".join([*one["notes"], *broken]) or NONE,
        "at": _seconds(one["begun_s"]),
        "at_n": one["begun_s"],
        "recovery": _seconds(one["recovery_s"]),
        "recovery_n": one["recovery_s"],
        **_numbers(one, "kills"),
    }


def _numbers(one: Mapping[str, Any], *names: str) -> dict[str, Any]:
    shown = {name: count(one[name]) for name in names}
    return {**shown, **{f"{name}_n": one[name] for name in names}}


def _times(one: Mapping[str, Any]) -> dict[str, Any]:
    p50, p99 = one["recovery_p50_s"], one["recovery_p99_s"]
    return {"p50": _seconds(p50), "p50_n": p50, "p99": _seconds(p99), "p99_n": p99}


def _verdict(holds: bool) -> str:
    return "held" if holds else "broken"


def _seconds(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f} s"
