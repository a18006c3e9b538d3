"""The throughput of each task as a chart, one SVG: a bar an engine, with its least and most."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from bench.report import Row

WIDTH, LABEL, BAR, GAP, HEAD = 860, 250, 16, 6, 34
_OURS, _OTHER, _INK = "#0b7285", "#adb5bd", "#212529"


def svg(rows: Sequence[Row], titles: dict[str, str]) -> str:
    """The chart; the longest bar of each task has the same length."""
    root = ET.Element("svg", xmlns="http://www.w3.org/2000/svg", width=str(WIDTH))
    root.set("font-family", "system-ui, sans-serif")
    root.set("font-size", "12")
    y = 10
    for task in dict.fromkeys(row.task for row in rows):
        group = sorted((r for r in rows if r.task == task), key=lambda r: -r.events_per_s[1])
        title = f"{task} {titles[task]}, events/s".strip()
        _text(root, 0, y + 14, title, weight="bold")
        y += HEAD - 10
        most = max(row.events_per_s[2] for row in group) or 1.0
        for row in group:
            _bar(root, row, y, (WIDTH - LABEL - 110) / most)
            y += BAR + GAP
        y += HEAD - 16
    root.set("height", str(y))
    root.set("viewBox", f"0 0 {WIDTH} {y}")
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _bar(root: ET.Element, row: Row, y: int, scale: float) -> None:
    low, middle, high = (value * scale for value in row.events_per_s)
    _text(root, LABEL - 8, y + 12, row.engine, anchor="end")
    colour = _OURS if row.engine == "Tidemill" else _OTHER
    ET.SubElement(
        root, "rect", x=str(LABEL), y=str(y), width=f"{middle:.1f}", height=str(BAR), fill=colour
    )
    middle_y = str(y + BAR / 2)
    ET.SubElement(
        root, "line", x1=f"{LABEL + low:.1f}", x2=f"{LABEL + high:.1f}", y1=middle_y, y2=middle_y,
        stroke=_INK,
    )  # fmt: skip
    _text(root, LABEL + int(high) + 8, y + 12, f"{row.events_per_s[1]:,.0f}")


def _text(
    root: ET.Element, x: int, y: int, text: str, anchor: str = "start", weight: str = "normal"
) -> None:
    made = ET.SubElement(root, "text", x=str(x), y=str(y), fill=_INK)
    made.set("text-anchor", anchor)
    made.set("font-weight", weight)
    made.text = text
