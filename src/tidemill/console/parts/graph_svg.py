"""A pipeline's graph as a drawing: sources left, sinks right, rates on the edges."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from tidemill.console.parts.numbers import rate, size

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y = 190, 58, 110, 24


def drawing(graph: Mapping[str, Any], rates: Sequence[float | None], *, runs: bool) -> str:
    """SVG text; all names in it are escaped. `rates` are rows per second along each edge."""
    nodes = graph["nodes"]
    depths = _depths(nodes, graph["edges"])
    places: dict[str, tuple[int, int]] = {}
    filled: dict[int, int] = {}
    for node in nodes:
        column = depths[node["id"]]
        row = filled.get(column, 0)
        filled[column] = row + 1
        places[node["id"]] = (column * (_WIDTH + _GAP_X), row * (_HEIGHT + _GAP_Y))
    width = max((x for x, _ in places.values()), default=0) + _WIDTH
    height = max((y for _, y in places.values()), default=0) + _HEIGHT
    edges = [
        _edge(places[edge["from"]], places[edge["to"]], speed, runs=runs)
        for edge, speed in zip(graph["edges"], rates, strict=True)
        if edge["from"] in places
    ]
    boxes = [_box(node, *places[node["id"]]) for node in nodes]
    return (
        f'<svg class="graph" viewBox="-4 -4 {width + 8} {height + 8}" role="img" '
        f'style="max-width:{width + 8}px" aria-label="Graph of the pipeline">'
        + "".join(edges + boxes)
        + "</svg>"
    )


def _depths(
    nodes: Sequence[Mapping[str, Any]], edges: Sequence[Mapping[str, Any]]
) -> dict[str, int]:
    """The longest way from a source; sinks all stand in the last column."""
    found = {node["id"]: 0 for node in nodes}
    for _ in nodes:
        for edge in edges:
            if edge["from"] in found:
                found[edge["to"]] = max(found[edge["to"]], found[edge["from"]] + 1)
    last = max(found.values(), default=0)
    sinks = {node["id"] for node in nodes if node["kind"] in ("sink", "collect")}
    return {name: last if name in sinks else depth for name, depth in found.items()}


def _box(node: Mapping[str, Any], x: int, y: int) -> str:
    kind = str(node["kind"])
    second = node.get("connector") or size(node.get("state_bytes") or 0) + " state"
    place = node.get("place")
    if place and place != node["title"]:
        second = f"{second} · {place}"
    title = str(node["title"])
    return (
        f'<g class="node {kind}" transform="translate({x},{y})"><title>{html.escape(title)} '
        f"({html.escape(str(node['id']))}) {html.escape(str(second))}</title>"
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>'
        f'<text class="name" x="12" y="24">{html.escape(_cut(title, 23))}</text>'
        f'<text class="fact" x="12" y="43">{html.escape(_cut(str(second), 27))}</text></g>'
    )


def _edge(start: tuple[int, int], end: tuple[int, int], speed: float | None, *, runs: bool) -> str:
    """A bend in the gap behind the start, then straight on: no edge runs through a box beside."""
    x0, y0 = start[0] + _WIDTH, start[1] + _HEIGHT // 2
    x1, y1 = end[0], end[1] + _HEIGHT // 2
    bend, middle = x0 + _GAP_X, x0 + _GAP_X // 2
    moving = " moving" if runs and speed else ""
    label = html.escape(rate(speed)) if runs else ""
    return (
        f'<path class="edge{moving}" d="M{x0} {y0} C{middle} {y0} {middle} {y1} {bend} {y1} '
        f'L{x1} {y1}"/><text class="rate" x="{x1 - _GAP_X // 2}" y="{y1 - 8}">{label}</text>'
    )


def _cut(text: str, chars: int) -> str:
    return text if len(text) <= chars else text[: chars - 1] + "…"
