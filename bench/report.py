"""What was measured, as JSON and as Markdown tables."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class Sample:
    """One pair of runs (small and large recording) of one engine on one task.

    Steady figures come from the difference of the two runs, so start-up is out.
    """

    task: str
    engine: str
    events: int
    events_per_s: float
    cpu_us_per_event: float
    first_output_s: float | None
    memory_peak_mb: float
    broker_us_per_event: float = 0.0


@dataclass(frozen=True, slots=True)
class LatencySample:
    """One run at a fixed rate: milliseconds from the time an event was due to its committed row.

    `late_ms`: by how much the feeder itself was late, at most.
    """

    task: str
    engine: str
    exactly_once: bool
    rate_per_s: int
    rows: int
    p50_ms: float
    p99_ms: float
    p999_ms: float
    late_ms: float


Spread = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Row:
    """Minimum, median and maximum of all samples of one engine on one task.

    CPU in µs an event is CPU-seconds per million events.
    """

    task: str
    engine: str
    settings: str
    samples: int
    events: int
    events_per_s: Spread
    cpu_us_per_event: Spread
    first_output_s: Spread
    memory_peak_mb: Spread
    broker_us_per_event: Spread


@dataclass(slots=True)
class Results:
    """All that one command measured."""

    about: dict[str, object]
    settings: dict[str, str]
    samples: list[Sample] = field(default_factory=list)
    latencies: list[LatencySample] = field(default_factory=list)
    without: dict[tuple[str, str], str] = field(default_factory=dict)
    """Why a task and engine have no figure."""


def summarise(samples: Sequence[Sample], settings: dict[str, str]) -> list[Row]:
    """One row per task and engine, in the order of the first samples."""
    groups: dict[tuple[str, str], list[Sample]] = {}
    for sample in samples:
        groups.setdefault((sample.task, sample.engine), []).append(sample)
    return [
        Row(
            task,
            engine,
            settings[engine],
            len(group),
            group[-1].events,
            _spread([s.events_per_s for s in group]),
            _spread([s.cpu_us_per_event for s in group]),
            _spread([s.first_output_s for s in group if s.first_output_s is not None]),
            _spread([s.memory_peak_mb for s in group]),
            _spread([s.broker_us_per_event for s in group]),
        )
        for (task, engine), group in sorted(groups.items(), key=lambda pair: pair[0][0])
    ]


def markdown(results: Results) -> str:
    """The tables; `Tidemill` is how many times as fast Tidemill is, by the clock and by CPU."""
    lines = [f"{key}: {value}  " for key, value in results.about.items()]
    rows = summarise(results.samples, results.settings)
    if rows:
        lines += [
            "",
            "| task | engine | million events | events/s (min–max) | CPU s/million | broker's "
            "| first output s | peak MB | Tidemill: events/s | per CPU s |",
            "|---|---|---|---|---|---|---|---|---|---|",
            *(_line(row, rows) for row in rows),
        ]
    if results.latencies:
        lines += [
            "",
            "| task | engine | guarantee | events/s | p50 ms | p99 ms | p99.9 ms | feeder late |",
            "|---|---|---|---|---|---|---|---|",
            *_latency_lines(results.latencies),
        ]
    if results.without:
        lines += ["", "Without a figure:", ""]
        lines += [f"- {task}, {name}: {why}" for (task, name), why in results.without.items()]
    used = dict.fromkeys(
        [s.engine for s in results.samples] + [s.engine for s in results.latencies]
    )
    lines += ["", "Settings:", "", *(f"- {name}: {results.settings[name]}" for name in used)]
    return "\n".join(lines) + "\n"


def as_json(results: Results) -> str:
    """Everything, also the single samples."""
    body = {
        "about": results.about,
        "rows": [asdict(row) for row in summarise(results.samples, results.settings)],
        "samples": [asdict(sample) for sample in results.samples],
        "latencies": [asdict(sample) for sample in results.latencies],
        "without": [
            {"task": task, "engine": engine, "why": why}
            for (task, engine), why in results.without.items()
        ],
    }
    return json.dumps(body, indent=2)


def _line(row: Row, rows: Sequence[Row]) -> str:
    low, middle, high = row.events_per_s
    ours = next((r for r in rows if r.task == row.task and r.engine == "Tidemill"), None)
    ratios = ["", ""]
    if ours is not None and ours is not row:
        ratios = [
            _ratio(ours.events_per_s[1], middle),
            _ratio(row.cpu_us_per_event[1], ours.cpu_us_per_event[1]),
        ]
    first = f"{row.first_output_s[1]:.1f}" if row.first_output_s[1] else ""
    return (
        f"| {row.task} | {row.engine} | {row.events / 1e6:.2f} "
        f"| {middle:,.0f} ({low:,.0f}–{high:,.0f}) "
        f"| {row.cpu_us_per_event[1]:.2f} | {row.broker_us_per_event[1]:.2f} | {first} "
        f"| {row.memory_peak_mb[1]:,.0f} | {ratios[0]} | {ratios[1]} |"
    )


def _ratio(a: float, b: float) -> str:
    return f"{a / b:.2f}" if b > 0 else ""


def _latency_lines(samples: Sequence[LatencySample]) -> list[str]:
    groups: dict[tuple[str, str, bool, int], list[LatencySample]] = {}
    for sample in samples:
        key = (sample.task, sample.engine, sample.exactly_once, sample.rate_per_s)
        groups.setdefault(key, []).append(sample)
    return [
        f"| {task} | {engine} | {'exactly' if once else 'at least'} once | {rate:,} "
        f"| {_range([s.p50_ms for s in group])} | {_range([s.p99_ms for s in group])} "
        f"| {_range([s.p999_ms for s in group])} | {_range([s.late_ms for s in group])} |"
        for (task, engine, once, rate), group in sorted(groups.items())
    ]


def _range(values: Sequence[float]) -> str:
    low, middle, high = _spread(values)
    return f"{middle:,.1f}" if len(values) == 1 else f"{middle:,.1f} ({low:,.1f}–{high:,.1f})"


def _spread(values: Sequence[float]) -> Spread:
    if not values:
        return (0.0, 0.0, 0.0)
    return (min(values), statistics.median(values), max(values))
