"""Latencies as a chart: of text for a terminal, and as a page with an SVG."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Protocol

BAR = 46
WIDTH, ROW, LEFT, RIGHT = 860, 56, 190, 90
_COLOURS = (("p99", "#cfd8dc"), ("p95", "#80cbc4"), ("p50", "#00796b"))


class Measured(Protocol):
    """What is drawn of one engine, in milliseconds."""

    @property
    def engine(self) -> str:
        """Its name."""
        ...

    @property
    def p50(self) -> float:
        """Half of the readings took no longer."""
        ...

    @property
    def p95(self) -> float:
        """Of a hundred, 95 took no longer."""
        ...

    @property
    def p99(self) -> float:
        """Of a hundred, 99 took no longer."""
        ...


def latency_text(found: Sequence[Measured]) -> str:
    """A bar for each engine on a logarithmic scale: █ up to the median, ▒ up to p99."""
    if not found:
        return "no engine could be measured"
    least, most = _range(found)
    name = max(len(one.engine) for one in found)
    lines = [f"{'':<{name}} {'p50':>9} {'p95':>9} {'p99':>9}"]
    for one in found:
        half, all_ = (round(BAR * _share(v, least, most)) for v in (one.p50, one.p99))
        bar = "█" * half + "▒" * (all_ - half)
        lines.append(
            f"{one.engine:<{name}} {one.p50:>9,.1f} {one.p95:>9,.1f} {one.p99:>9,.1f}  {bar}"
        )
    return "\n".join(lines)


def latency_html(found: Sequence[Measured], rate_per_s: int) -> str:
    """A page with the chart."""
    height = ROW * len(found) + 60
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        ' font-family="system-ui, sans-serif" font-size="14">',
        "<title>Latency from topic to topic, in milliseconds</title>",
        *_axis(found, height),
    ]
    for number, one in enumerate(found):
        parts += _row(found, number, one)
    parts.append("</svg>")
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Latency</title>'
        '<body style="max-width: 56rem; margin: 2rem auto; font-family: system-ui, sans-serif">'
        "<h1>Latency from topic to topic</h1>"
        f"<p>pipelines/latency.sql at {rate_per_s} readings a second on this machine:"
        " milliseconds from sending a reading until a reader of committed messages has the answer."
        " Dark: half of the readings; middle: 95 %; light: 99 %. The scale is logarithmic.</p>"
        + "\n".join(parts)
        + "</body></html>\n"
    )


def _axis(found: Sequence[Measured], height: int) -> list[str]:
    if not found:
        return []
    least, most = _range(found)
    parts = []
    for power in range(round(math.log10(least)), round(math.log10(most)) + 1):
        x = LEFT + _share(10.0**power, least, most) * (WIDTH - LEFT - RIGHT)
        parts.append(f'<line x1="{x:.0f}" x2="{x:.0f}" y1="10" y2="{height - 40}" stroke="#ddd"/>')
        parts.append(
            f'<text x="{x:.0f}" y="{height - 20}" text-anchor="middle" fill="#555">'
            f"{10.0**power:,g} ms</text>"
        )
    return parts


def _row(found: Sequence[Measured], number: int, one: Measured) -> list[str]:
    least, most = _range(found)
    y = 20 + ROW * number
    parts = [
        f'<text x="{LEFT - 10}" y="{y + 20}" text-anchor="end">{html.escape(one.engine)}</text>'
    ]
    for name, colour in _COLOURS:
        value = getattr(one, name)
        width = _share(value, least, most) * (WIDTH - LEFT - RIGHT)
        parts.append(
            f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="30" fill="{colour}">'
            f"<title>{name} {value:,.1f} ms</title></rect>"
        )
    x = LEFT + _share(one.p99, least, most) * (WIDTH - LEFT - RIGHT) + 8
    parts.append(f'<text x="{x:.0f}" y="{y + 20}">{one.p50:,.0f} / {one.p99:,.0f}</text>')
    return parts


def _range(found: Sequence[Measured]) -> tuple[float, float]:
    """The powers of ten around all values."""
    least = 10.0 ** math.floor(math.log10(max(0.1, min(one.p50 for one in found))))
    most = 10.0 ** math.ceil(math.log10(max(least * 10, *(one.p99 for one in found))))
    return least, most


def _share(value: float, least: float, most: float) -> float:
    """Where a value is between the least and the most, on a logarithmic scale."""
    return math.log10(max(value, least) / least) / math.log10(most / least)
