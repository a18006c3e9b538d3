"""The readings as a table, as JSON, and as a chart: a panel a kind, with its line after warm-up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from bench.soak.readings import KINDS, Kind, Reading
from bench.soak.slope import Slope, Verdict, slope

_WIDTH, _PANEL, _LEFT, _RIGHT = 860, 110, 90, 20
_LINE, _FIT, _INK, _WARM = "#0b7285", "#e8590c", "#212529", "#f1f3f5"


@dataclass(frozen=True, slots=True)
class Line:
    """One kind: what it was at first and last (means of a tenth), the most, and how it grew."""

    kind: Kind
    first: float
    last: float
    most: float
    slope: Slope
    verdict: Verdict


@dataclass(slots=True)
class Soak:
    """A whole run."""

    about: dict[str, object]
    warm_up_s: float
    readings: list[Reading] = field(default_factory=list)
    checks: dict[str, tuple[Verdict, str]] = field(default_factory=dict)

    def lines(self) -> list[Line]:
        """A line a kind, over the readings after warm-up."""
        warm = [one for one in self.readings if one.at_s >= self.warm_up_s]
        return [_line(kind, warm) for kind in KINDS]

    def verdict(self) -> Verdict:
        """FAIL where one line fails, else UNSURE where one is, else PASS."""
        found = {line.verdict for line in self.lines()} | {v for v, _ in self.checks.values()}
        return "FAIL" if "FAIL" in found else "UNSURE" if "UNSURE" in found else "PASS"


def _line(kind: Kind, readings: Sequence[Reading]) -> Line:
    values = [one.values[kind.name] / kind.scale for one in readings]
    some = max(1, len(values) // 10)
    fitted = slope([one.at_s for one in readings], values)
    first, last = sum(values[:some]) / some, sum(values[-some:]) / some
    return Line(kind, first, last, max(values), fitted, fitted.verdict(kind.limit_per_h))


def markdown(soak: Soak) -> str:
    """What was run, the table, the checks."""
    rows = [
        "| | first | last | most | growth an hour (95 %) | may grow | |",
        "|---|---|---|---|---|---|---|",
    ]
    for line in soak.lines():
        unit, fit = line.kind.unit, line.slope
        rows.append(
            f"| {line.kind.title} | {line.first:,.1f} | {line.last:,.1f} | {line.most:,.1f} {unit} "
            f"| {fit.per_h:+,.2f} ({fit.low:+,.2f} to {fit.high:+,.2f}) {unit} "
            f"| {line.kind.limit_per_h:,.0f} {unit} | {line.verdict} |"
        )
    rows += [f"| {name} | {text} |||| | {v} |" for name, (v, text) in soak.checks.items()]
    about = [f"- {name}: {value}" for name, value in soak.about.items()]
    return "\n".join([*about, "", *rows, "", f"**{soak.verdict()}**"])


def write(soak: Soak, folder: Path) -> None:
    """`soak.md`, `soak.json` and `soak.svg`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "soak.md").write_text(markdown(soak) + "\n", encoding="utf-8")
    body = {
        "about": soak.about,
        "verdict": soak.verdict(),
        "warm_up_s": soak.warm_up_s,
        "lines": [asdict(line) for line in soak.lines()],
        "checks": soak.checks,
        "readings": [asdict(one) for one in soak.readings],
    }
    (folder / "soak.json").write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
    (folder / "soak.svg").write_text(svg(soak), encoding="utf-8")


def svg(soak: Soak) -> str:
    """The chart; the time of warm-up is grey."""
    height = _PANEL * len(KINDS) + 10
    root = ET.Element("svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {_WIDTH} {height}")
    root.set("font-family", "system-ui, sans-serif")
    root.set("font-size", "12")
    for number, line in enumerate(soak.lines()):
        _panel(root, soak, line, number * _PANEL)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _panel(root: ET.Element, soak: Soak, line: Line, top: int) -> None:
    last_s = soak.readings[-1].at_s
    values = [one.values[line.kind.name] / line.kind.scale for one in soak.readings]
    most = max(*values, 1.0)

    def x(at_s: float) -> float:
        return _LEFT + at_s / last_s * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return top + _PANEL - 8 - value / most * (_PANEL - 40)

    _text(
        root, 0, top + 18, f"{line.kind.title}, {line.slope.per_h:+,.2f} {line.kind.unit} an hour"
    )
    for value in (0.0, most):
        _text(root, _LEFT - 6, y(value) + 4, f"{value:,.0f}", anchor="end")
    warm = ET.SubElement(root, "rect", x=f"{_LEFT}", y=f"{y(most):.1f}", fill=_WARM)
    warm.set("width", f"{x(soak.warm_up_s) - _LEFT:.1f}")
    warm.set("height", f"{y(0) - y(most):.1f}")
    points = " ".join(
        f"{x(one.at_s):.1f},{y(value):.1f}"
        for one, value in zip(soak.readings, values, strict=True)
    )
    ET.SubElement(root, "polyline", points=points, fill="none", stroke=_LINE)
    warm_values = [
        value
        for one, value in zip(soak.readings, values, strict=True)
        if one.at_s >= soak.warm_up_s
    ]
    middle_s = (soak.warm_up_s + last_s) / 2
    middle = sum(warm_values) / len(warm_values)
    ends = [
        f"{x(at_s):.1f},{y(middle + (at_s - middle_s) / 3600 * line.slope.per_h):.1f}"
        for at_s in (soak.warm_up_s, last_s)
    ]
    ET.SubElement(root, "polyline", points=" ".join(ends), fill="none", stroke=_FIT)


def _text(root: ET.Element, x: float, y: float, text: str, anchor: str = "start") -> None:
    made = ET.SubElement(root, "text", x=f"{x:.1f}", y=f"{y:.1f}", fill=_INK)
    made.set("text-anchor", anchor)
    made.text = text
