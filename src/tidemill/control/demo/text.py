"""A demo's events and result as plain text; whoever prints may colour it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import plotext

from tidemill.control.demo.model import DemoResult, HourTotal, ProgressEvent, ZoneTotal
from tidemill.control.demo.nyc_taxi.verify import Verification

CHART_HOURS_MAX = 24 * 7
CHART_LABELS_MAX = 7
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def progress_line(event: ProgressEvent) -> str:
    """One line that says how far the rows are."""
    watermark = f"{event.watermark:%Y-%m-%d %H:%M}" if event.watermark else "none yet"
    lag = "?" if event.lag is None else f"{event.lag:,}"
    return (
        f"inserted {event.inserted:,}/{event.inserted_target:,} · in {event.rows_in:,}"
        f" · out {event.rows_out:,} · filtered {event.filtered:,} · late {event.late:,}"
        f" · rejected {event.rejected:,} · lag {lag} · watermark {watermark}"
        f" · {event.rows_per_s:,.0f} rows/s"
    )


def zone_table(zones: Sequence[ZoneTotal]) -> str:
    """The zones with the highest revenue, as an aligned table."""
    head = ("pick-up zone", "trips", "passengers", "revenue", "avg miles")
    body = [
        (
            f"{zone.zone} ({zone.zone_id})" if zone.zone else f"zone {zone.zone_id}",
            f"{zone.trips:,}",
            f"{zone.passengers:,}",
            f"${zone.revenue:,.2f}",
            f"{zone.avg_distance:.2f}",
        )
        for zone in zones
    ]
    return aligned_table(head, body)


def aligned_table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """Rows under a head, aligned: the first column to the left, the others to the right."""
    widths = [max(len(row[i]) for row in (head, *body)) for i in range(len(head))]
    lines = [_aligned(row, widths) for row in (head, tuple("─" * w for w in widths), *body)]
    return "\n".join(lines)


def hour_chart(hours: Sequence[HourTotal], width: int = 78, height: int = 14) -> str:
    """Trips per hour as a chart of the last week at most, without colour."""
    shown = list(hours)[-CHART_HOURS_MAX:]
    if not shown:
        return ""
    figure = plotext.figure
    figure.clear()
    figure.theme("colorless")
    figure.plot_size(width, height)
    figure.title("trips per hour, all zones")
    positions = list(range(len(shown)))
    figure.draw(figure.bar(positions, [hour.trips for hour in shown], width=1))
    labels = [f"{hour.window_start:%d.%m %Hh}" for hour in shown]
    ticks = positions[:: max(1, -(-len(shown) // CHART_LABELS_MAX))]
    step = max(1, round(max(hour.trips for hour in shown) / 4))
    figure.ruler("y").ticks([step * i for i in range(5)], [f"{step * i:,}" for i in range(5)])
    figure.ruler("x").ticks(ticks, [labels[i] for i in ticks])
    text = _ANSI.sub("", str(figure.build()))
    figure.clear()
    return "\n".join(line.rstrip() for line in text.splitlines())


def verification_lines(verification: Verification) -> Iterator[str]:
    """The account of the rows, line by line."""
    yield f"{verification.inserted:>12,}  rows inserted into Postgres, and of these"
    yield f"{verification.in_closed_windows:>12,}    in {verification.windows:,} finished windows"
    yield f"{verification.in_open_windows:>12,}    in windows still open"
    yield f"{verification.filtered:>12,}    set aside by the pipeline's cleaning"
    yield f"{verification.late:>12,}    late: their window had closed"
    if verification.dead_letters:
        yield f"{verification.dead_letters:>12,}  messages in the dead-letter topic"
    if verification.ok:
        yield "every row is accounted for; every window equals the same aggregate in SQL"
    else:
        yield from (f"differs: {line}" for line in _differences(verification))


def next_steps(result: DemoResult) -> Iterator[str]:
    """What to try next, as lines of commands with what they do."""
    folder = result.folder
    yield "tidemill demo nyc_taxi           again: it goes on with the next trips"
    yield "tidemill demo nyc_taxi --input yellow_tripdata_2025-01.parquet     a real TLC month"
    yield "tidemill demo nyc_taxi --keep    leave the servers and the pipeline's results up; then:"
    yield f"  cd {folder}"
    yield "  tidemill status                the servers and their ports"
    yield "  tidemill topic read nyc_taxi.sink_window.datastream"
    yield "  tidemill run nyc_taxi          the pipeline, live; edit pipelines/nyc_taxi.sql first"
    yield "  tidemill down                  stop everything"


def _differences(verification: Verification) -> tuple[str, ...]:
    return (*verification.rows_missing, *verification.windows_differ)


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    first = cells[0].ljust(widths[0])
    rest = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
    return "  ".join((first, *rest)).rstrip()
