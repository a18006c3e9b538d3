"""One pipeline: its graph with live rates, event time, checkpoints, text, plan, start and stop."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from nicegui import ui

from tidemill.console.hub import Hub, Sample
from tidemill.console.pages.pipeline_account import account_html, checkpoints_html
from tidemill.console.pages.pipeline_rows import RowsPanel
from tidemill.console.pages.pipeline_text import text_panel
from tidemill.console.pages.pipeline_why import WhyPanel
from tidemill.console.parts.actions import act, load
from tidemill.console.parts.charts import TimeChart
from tidemill.console.parts.frame import Frame, frame
from tidemill.console.parts.graph_svg import drawing
from tidemill.console.parts.numbers import count, length, size
from tidemill.control.account import committed_account
from tidemill.control.pipeline_processes import start_pipeline, stop_pipeline
from tidemill.control.pipeline_states import PipelineState, pipeline_state
from tidemill.records import dataclass

PATH = "/pipelines/{name}"
_BLUE, _GREEN, _AMBER, _RED = "#2a8fb0", "#3a9d62", "#c08a1e", "#c4473b"


def add(hub: Hub) -> None:
    """Add the page."""

    @ui.page(PATH)
    async def page(name: str, tab: str = "") -> None:
        with frame(hub, "Pipelines", "/pipelines", trail=name) as on:
            state = await load(lambda: pipeline_state(hub.project, name))
            if state is None:
                ui.label(f"There is no pipeline {name}.").classes("empty")
                return
            view = _View(hub, on, name)
            view.build(state, tab)
            await view.refresh()
            ui.timer(1.0, view.refresh)


@dataclass
class _View:
    """The page's changing parts."""

    hub: Hub
    on: Frame
    name: str

    def build(self, state: PipelineState, tab: str) -> None:
        """Lay the page out."""
        with ui.row().classes("facts"):
            self._state = ui.label(state.state).classes(f"state {state.state}")
            self._facts = ui.label().classes("fact-line")
            ui.space()
            ui.link("Savepoints and change", f"/pipelines/{quote(self.name)}/change")
            if self.on.may_change:
                self._start = ui.button("Start", icon="play_arrow", on_click=self._on_start)
                self._stop = ui.button("Stop", icon="stop", on_click=self._on_stop)
                self._start.props("dense unelevated no-caps")
                self._stop.props("dense outline no-caps")
        self._error = ui.label().classes("error-text")
        with ui.element("div").classes("drawing"):
            self._graph = ui.html("", sanitize=False)
        with ui.row().classes("charts"):
            with ui.column().classes("chart-box"):
                self._rates = TimeChart("Rows per second", (
                    ("in", _BLUE, lambda s: round(s.rows_in_per_s, 1)),
                    ("out", _GREEN, lambda s: round(s.rows_out_per_s, 1)),
                ))  # fmt: skip
            with ui.column().classes("chart-box"):
                self._times = TimeChart("Event time behind the clock", (
                    ("watermark", _AMBER, lambda s: s.watermark_lag_s),
                    ("event time seen", _BLUE, lambda s: s.newest_lag_s),
                ), unit="s")  # fmt: skip
            with ui.column().classes("chart-box"):
                self._late = TimeChart("Waiting and late", (
                    ("lag", _BLUE, lambda s: s.lag),
                    ("late rows", _RED, lambda s: s.rows_late),
                ), unit="rows")  # fmt: skip
        self._doctor = ui.column().classes("doctor")
        self._said: list[str] = []
        with ui.tabs().props("dense no-caps align=left").classes("tabs") as tabs:
            accounts, text = ui.tab("Rows and checkpoints"), ui.tab("SQL and plan")
            between, reasons = ui.tab("Sample rows"), ui.tab("Why")
        opened = {"sql": text, "rows": between, "why": reasons}.get(tab, accounts)
        with ui.tab_panels(tabs, value=opened).classes("panels") as panels:
            with ui.tab_panel(accounts):
                self._accounts = ui.html("", sanitize=False).classes("accounts")
            with ui.tab_panel(text):
                text_panel(self.hub, self.name)
            with ui.tab_panel(between):
                self._between = RowsPanel(self.hub, state)
            with ui.tab_panel(reasons):
                WhyPanel(self.hub, self.name)
        self._panels = panels

    async def refresh(self) -> None:
        """Show how it is now."""
        state = await load(lambda: pipeline_state(self.hub.project, self.name))
        if state is None:
            return
        self._state.set_text(state.state)
        self._state.classes(replace=f"state {state.state}")
        self._facts.set_text(_facts(state))
        self._error.set_text(str(state.number("error") or "") if state.state == "failed" else "")
        if self.on.may_change:
            self._start.set_enabled(not state.runs)
            self._stop.set_enabled(state.runs)
        samples = self.hub.history(state.name)
        graph = state.graph()
        self._graph.set_content(
            drawing(graph, edge_rates(samples, len(graph["edges"])), runs=state.runs)
        )
        for chart in (self._rates, self._times, self._late):
            chart.show(samples)
        said = state.sentences()
        if said != self._said:
            self._said = said
            self._doctor.clear()
            with self._doctor:
                for sentence in said or ["No table of it has a watermark yet."]:
                    ui.label(sentence)
        account = await load(lambda: committed_account(self.hub.project, state.name))
        self._accounts.set_content(account_html(account) + checkpoints_html(state))
        self._between.open = self._panels.value == "Sample rows"
        await self._between.refresh()

    async def _on_start(self) -> None:
        self._start.disable()
        root = self.hub.project.root
        if await act(self.on, "start pipeline", self.name, lambda: start_pipeline(self.name, root)):
            ui.notify(f"{self.name} runs.", type="positive")
        await self.refresh()

    async def _on_stop(self) -> None:
        self._stop.disable()
        root = self.hub.project.root
        if await act(self.on, "stop pipeline", self.name, lambda: stop_pipeline(self.name, root)):
            ui.notify(f"{self.name} has stopped; its last epoch is committed.", type="positive")
        await self.refresh()


def edge_rates(samples: Sequence[Sample], edges: int) -> list[float | None]:
    """Rows per second along each edge, over the last few samples."""
    recent = [sample for sample in samples[-6:] if len(sample.edges) == edges]
    if len(recent) < 2:
        return [None] * edges
    first, last = recent[0], recent[-1]
    passed_s = max(0.001, (last.at_ms - first.at_ms) / 1000)
    return [
        max(0.0, (after - before) / passed_s)
        for before, after in zip(first.edges, last.edges, strict=True)
    ]


def _facts(state: PipelineState) -> str:
    if state.live is None:
        return "It has not run here yet."
    parts = [f"epoch {state.number('epoch'):,}"]
    if state.runs:
        started = state.number("started_at_ms")
        parts.append(f"up {length((state.now_ms - started) / 1000)}" if started else "")
        parts.append(f"process {state.pid}")
    parts.append(f"{count(state.number('rows_in'))} rows in")
    parts.append(f"{count(state.number('rows_out'))} out")
    parts.append(f"{size(state.number('state_bytes'))} of state")
    return " · ".join(part for part in parts if part)
