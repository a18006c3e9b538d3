"""The clickstream demo's results as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

BAR = 40


def sections(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Title and text of each thing that is shown."""
    sites = facts["thermostats"]
    if sites:
        lines = [f"{'site':<10} {'readings':>9} {'mean °C':>8}"]
        lines += [f"{s['site']:<10} {s['readings']:>9,} {s['mean']:>8.2f}" for s in sites]
        yield (
            "thermostats by site, calibrated and placed as they were at the time",
            "\n".join(lines),
        )
    delay = facts["click_delay_ms"]
    text = f"{facts['readings']:,} readings, {facts['clicks']:,} clicks,"
    text += f" {facts['device_versions']:,} versions of devices"
    if delay["median"] is not None:
        text += (
            f"\na click was seen {delay['median']:.0f} ms after it was sent"
            f" (median of the seconds; {delay['most']:,} ms at most)"
        )
    yield "in numbers", text


def next_steps(folder: Path) -> tuple[str, ...]:
    """Commands to try, with what they do."""
    return (
        "tidemill demo clickstream_iot            again: it goes on with the next minutes",
        "tidemill demo clickstream_iot --kinesis  the same pipeline on Kinesis (an emulation)",
        "tidemill demo clickstream_iot --compare  latency beside Flink and Spark, with a chart",
        "tidemill demo clickstream_iot --keep     leave the servers up; then:",
        f"  cd {folder}",
        "  tidemill topic read readings_per_minute --limit 3",
        "  tidemill run clickstream_iot           the pipeline, live; edit pipelines/ first",
        "  tidemill down                          stop everything",
    )
