"""What was measured, as JSON, a Markdown table and a table for the terminal."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """One pair of runs (small and large recording) of one engine on one task.

    Steady figures come from the difference of the two runs, so start-up is out.
    """

    task: str
    engine: str
    events_per_s: float
    cpu_us_per_event: float
    first_output_s: float | None
    memory_peak_mb: float


@dataclass(frozen=True, slots=True)
class Row:
    """Medians of all samples of one engine on one task, with minimum and maximum."""

    task: str
    engine: str
    settings: str
    samples: int
    events_per_s: tuple[float, float, float]
    cpu_us_per_event: tuple[float, float, float]
    first_output_s: tuple[float, float, float]
    memory_peak_mb: tuple[float, float, float]


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
            _spread([s.events_per_s for s in group]),
            _spread([s.cpu_us_per_event for s in group]),
            _spread([s.first_output_s for s in group if s.first_output_s is not None]),
            _spread([s.memory_peak_mb for s in group]),
        )
        for (task, engine), group in groups.items()
    ]


def markdown(rows: Sequence[Row], about: dict[str, object]) -> str:
    """The table as it stands in the docs; ratios are against the fastest other engine."""
    lines = [f"{key}: {value}  " for key, value in about.items()]
    lines += [
        "",
        "| task | engine | events/s (min–max) | CPU µs/event | first output s | peak MB | ratio |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        low, middle, high = row.events_per_s
        best = max(
            (r.events_per_s[1] for r in rows if r.task == row.task and r.engine != row.engine),
            default=0.0,
        )
        ratio = f"{middle / best:.2f}" if best else ""
        lines.append(
            f"| {row.task} | {row.engine} | {middle:,.0f} ({low:,.0f}–{high:,.0f}) "
            f"| {row.cpu_us_per_event[1]:.2f} | {row.first_output_s[1]:.1f} "
            f"| {row.memory_peak_mb[1]:,.0f} | {ratio} |"
        )
    return "\n".join(lines) + "\n"


def as_json(rows: Sequence[Row], samples: Sequence[Sample], about: dict[str, object]) -> str:
    """Everything, also the single samples."""
    body = {
        "about": about,
        "rows": [asdict(row) for row in rows],
        "samples": [asdict(sample) for sample in samples],
    }
    return json.dumps(body, indent=2)


def _spread(values: Sequence[float]) -> tuple[float, float, float]:
    if not values:
        return (0.0, 0.0, 0.0)
    return (min(values), statistics.median(values), max(values))
