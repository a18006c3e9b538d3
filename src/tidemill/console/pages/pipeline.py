"""One pipeline: its graph with live rates, event time, checkpoints, text, plan, start and stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from tidemill.console.hub import Hub, Sample
from tidemill.console.pages.pipeline_rows import RowsPanel
from tidemill.console.pages.pipeline_text import text_panel
from tidemill.console.parts.actions import act, load
from tidemill.console.parts.charts import TimeChart
from tidemill.console.parts.frame import Frame, frame
from tidemill.console.parts.graph_svg import drawing
from tidemill.console.parts.numbers import count, length, moment, size
from tidemill.control.pipeline_processes import start_pipeline, stop_pipeline
from tidemill.control.pipeline_states import PipelineState, pipeline_state

PATH = "/pipelines/{name}"
_OF_SOURCE = ("records", "rows", "skipped", "", "late", "dead", "")
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
                    ("watermark lag", _AMBER, lambda s: s.watermark_lag_s),
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
            between = ui.tab("Sample rows")
        opened = {"sql": text, "rows": between}.get(tab, accounts)
        with ui.tab_panels(tabs, value=opened).classes("panels") as panels:
            with ui.tab_panel(accounts):
                self._accounts = ui.html("", sanitize=False).classes("accounts")
            with ui.tab_panel(text):
                text_panel(self.hub, self.name)
            with ui.tab_panel(between):
                self._between = RowsPanel(self.hub, state)
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
        self._accounts.set_content(accounts_html(state))
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


def accounts_html(state: PipelineState) -> str:
    """Row accounting by node, and checkpoints, as two plain tables; names are escaped."""
    import html  # noqa: PLC0415 - beside its only use

    if state.live is None:
        return "<p>Nothing was counted yet: start it.</p>"
    counts, epochs = state.counters, state.live["epochs"]
    head = ("in", "out", "filtered", "expanded", "late", "dead", "unmatched")
    rows = []
    for node in state.graph()["nodes"]:
        if node["kind"] == "source":
            table = node["table"]
            values = [counts.get(f"source.{table}.{key}", 0)
                      for key in _OF_SOURCE]  # fmt: skip
        else:
            values = [counts.get(f"{node['id']}.{key}", 0) for key in head]
        cells = "".join(f"<td>{count(value) if value else ''}</td>" for value in values)
        name = f"{html.escape(str(node['title']))} <code>{html.escape(str(node['id']))}</code>"
        rows.append(f"<tr><th scope=row>{name}</th>{cells}</tr>")
    titles = "".join(f"<th scope=col>{key}</th>" for key in head)
    took = epochs["epochs"]
    mean = took["seconds"] / took["count"] if took["count"] else None
    at_ms = epochs["committed_at_ms"]
    facts: list[tuple[str, Any]] = [
        ("Epochs in this run", count(took["count"])),
        ("Failed epochs", count(epochs["failures"])),
        ("Mean duration", length(mean)),
        ("Last commit", moment(at_ms)),
        ("Last checkpoint", size(epochs["checkpoint_bytes"])),
        ("Restarts", count(state.number("restarts"))),
    ]
    for group, one in epochs["sinks"].items():
        mean = one["seconds"] / one["count"] if one["count"] else None
        said = f"{count(one['count'])}, {length(mean)} each"
        facts.append((f"Commits of {html.escape(group)}", said))
    lines = "".join(f"<tr><th scope=row>{key}</th><td>{value}</td></tr>" for key, value in facts)
    return (
        f'<table class="numbers"><thead><tr><th scope=col>Rows</th>{titles}</tr></thead>'
        f'<tbody>{"".join(rows)}</tbody></table><table class="numbers facts-table">{lines}</table>'
    )
