"""Verdicts over time as a row of bars: as high as the share of expectations that were met."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from tidemill.console.parts.numbers import moment

_WIDTH, _GAP, _HEIGHT = 12, 4, 48


def verdict_bars(results: Sequence[Mapping[str, Any]]) -> str:
    """SVG text, oldest first; each bar leads to its report. Names in it are escaped."""
    if not results:
        return ""
    width = len(results) * (_WIDTH + _GAP)
    bars = "".join(_bar(place, one) for place, one in enumerate(results))
    return (
        f'<svg class="bars" viewBox="0 0 {width} {_HEIGHT}" width="{width}" height="{_HEIGHT}" '
        f'role="group" aria-label="Results over time, oldest first">{bars}</svg>'
    )


def _bar(place: int, one: Mapping[str, Any]) -> str:
    all_ = one["results"]
    met = sum(bool(each["success"]) for each in all_)
    verdict = "passed" if one["success"] else "missed"
    title = html.escape(f"{moment(one['at_ms'])}: {verdict}, {met} of {len(all_)} met")
    asked = html.escape(
        urlencode({key: one[key] for key in ("suite", "target", "at_ms")}), quote=True
    )
    high = max(6, round(_HEIGHT * met / max(1, len(all_))))
    return (
        f'<a href="/api/v1/checks/report?{asked}" target="_blank" aria-label="{title}">'
        f"<title>{title}</title>"
        f'<rect class="{verdict}" x="{place * (_WIDTH + _GAP)}" y="{_HEIGHT - high}" '
        f'width="{_WIDTH}" height="{high}" rx="2"/></a>'
    )
