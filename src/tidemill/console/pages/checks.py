"""Checks: each suite on its targets, its results over time, and the rows that miss it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.parts.actions import act, load
from tidemill.console.parts.bars import verdict_bars
from tidemill.console.parts.frame import Frame, frame
from tidemill.console.parts.numbers import NONE, count, moment
from tidemill.console.parts.rows import rows_table
from tidemill.console.parts.tables import Column, put, table
from tidemill.control.checks.history import results
from tidemill.control.checks.run import run_checks
from tidemill.control.checks.suites import ListedSuite, list_suites

PATH = "/checks"
SHOWN = 60
_EXPECTATIONS = (
    Column("verdict", "Verdict", state=True),
    Column("type", "Expectation"),
    Column("arguments", "Arguments", code=True),
    Column("severity", "Severity"),
    Column("elements", "Looked at", number=True),
    Column("unexpected", "Unexpected", number=True),
    Column("observed", "Observed", code=True),
)
_NONE = "No suite of expectations. Write one: checks/<name>.yaml; or run: tidemill checks list"


def add(hub: Hub) -> None:
    """Add the page."""

    @ui.page(PATH)
    async def page(suite: str = "", target: str = "") -> None:
        with frame(hub, "Checks", PATH) as on:
            suites = await load(lambda: list_suites(hub.project.root)) or []
            found = await load(lambda: results(hub.project)) or []
            choices = _choices(suites, found)
            if not choices:
                ui.label(_NONE).classes("empty")
                return
            _Shown(hub, on, choices, (suite, target)).build()


class _Shown:
    """One suite on one target, chosen above."""

    def __init__(
        self, hub: Hub, on: Frame, choices: dict[str, tuple[str, str]], wanted: tuple[str, str]
    ) -> None:
        self._hub, self._on, self._choices = hub, on, choices
        self._wanted = next((k for k, v in choices.items() if v == wanted), next(iter(choices)))
        self._at_ms: int | None = None

    def build(self) -> None:
        """Lay it out, and show the newest result."""
        with ui.row().classes("tools"):
            self._chosen = ui.select(
                list(self._choices), value=self._wanted, label="Suite and target",
                on_change=self.refresh,
            ).props("dense outlined stack-label").classes("wide-select")  # fmt: skip
            if self._on.may_change:
                ui.button("Run now", icon="play_arrow", on_click=self._run).props(
                    "dense unelevated no-caps"
                )
            self._report = ui.link("Report", "#", new_tab=True)
        with ui.row().classes("facts"):
            self._verdict = ui.label().classes("state")
            self._facts = ui.label().classes("fact-line")
        self._error = ui.label().classes("error-text")
        ui.label("Results over time").classes("section")
        self._bars = ui.html("", sanitize=False).classes("bars-box")
        ui.label("Expectations").classes("section")
        self._table = table(
            _EXPECTATIONS, [], key="id", label="Expectations", empty="Nothing was found yet."
        )
        self._rows = ui.column().classes("wide")
        ui.timer(0, self.refresh, once=True)

    async def refresh(self) -> None:
        """Show what is chosen."""
        suite, target = self._choices[str(self._chosen.value)]
        found = await load(lambda: results(self._hub.project, suite, target, SHOWN)) or []
        self._report.set_visibility(bool(found))
        self._bars.set_content(verdict_bars([*reversed(found)]))
        if not found:
            self._verdict.set_text("none")
            self._verdict.classes(replace="state none")
            self._facts.set_text("It was not run on this yet.")
            put(self._table, [])
            self._rows.clear()
            return
        last = found[0]
        asked = urlencode({"suite": suite, "target": target})
        self._report.props(f'href="/api/v1/checks/report?{asked}"')
        shown = "passed" if last["success"] else "missed"
        self._verdict.set_text(shown)
        self._verdict.classes(replace=f"state {shown}")
        rows = "" if last["row_count"] is None else f" · {count(last['row_count'])} rows"
        self._facts.set_text(f"{moment(last['at_ms'])}{rows} · {len(found)} results kept")
        self._error.set_text(last["exception"] or "")
        put(self._table, [_row(n, one) for n, one in enumerate(last["results"])])
        self._show_rows(last["results"])

    def _show_rows(self, found: Sequence[Mapping[str, Any]]) -> None:
        self._rows.clear()
        with self._rows:
            for one in found:
                if one["unexpected_rows"]:
                    title = f"Rows that miss {one['type']} ({_arguments(one)})"
                    ui.label(title).classes("section")
                    rows_table(self._hub, one["unexpected_rows"], label=title)

    async def _run(self) -> None:
        suite, _ = self._choices[str(self._chosen.value)]
        root = self._hub.project.root
        done = await act(self._on, "run checks", suite, lambda: run_checks([suite], root))
        if done is not None:
            said = "passed" if done.success else "missed"
            for note in done.notes:
                ui.notify(note, type="info")
            if done.results:
                ui.notify(f"{suite} {said}.", type="positive" if done.success else "warning")
            await self.refresh()


def _choices(
    suites: Sequence[ListedSuite], found: Sequence[Mapping[str, Any]]
) -> dict[str, tuple[str, str]]:
    """Each suite on each target, also those that left results only."""
    pairs = [(one.suite.name, target) for one in suites for target in one.last]
    pairs += [(one["suite"], one["target"]) for one in found]
    return {f"{suite} on {target}": (suite, target) for suite, target in pairs}


def _row(number: int, one: Mapping[str, Any]) -> dict[str, Any]:
    observed = one["exception"] or one["observed_value"]
    return {
        "id": number,
        "verdict": "passed" if one["success"] else "missed",
        "type": one["type"],
        "arguments": _arguments(one),
        "severity": one["severity"],
        "elements": count(one["element_count"]),
        "elements_n": one["element_count"],
        "unexpected": count(one["unexpected_count"]),
        "unexpected_n": one["unexpected_count"],
        "observed": NONE if observed is None else str(observed),
    }


def _arguments(one: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in one["kwargs"].items())
