"""Charts over the last quarter of an hour, from the hub's samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from nicegui import ui


class AtTime(Protocol):
    """A sample of anything: it knows its moment."""

    @property
    def at_ms(self) -> int:
        """Epoch milliseconds."""
        ...


Series = tuple[str, str, Callable[[Any], float | None]]
"""A line: its name, its colour, and its value in a sample."""
_AXIS = {"axisLine": {"show": False}, "axisTick": {"show": False},
         "splitLine": {"lineStyle": {"color": "#8896a233"}},
         "axisLabel": {"color": "#7d8b98", "fontSize": 11, "hideOverlap": True}}  # fmt: skip


class TimeChart:
    """Lines over time, with a legend; the same colours in light and dark."""

    def __init__(
        self, title: str, series: Sequence[Series], *, unit: str = "", time_axis: bool = False
    ) -> None:
        self._series = series
        # Without `scale` the axis holds zero, and goes below where a value does.
        y_axis = {"type": "time" if time_axis else "value", "scale": time_axis, **_AXIS}
        ui.label(title + (f" ({unit})" if unit else "")).classes("chart-title")
        self._chart = ui.echart(
            {
                "animation": False,
                "grid": {"left": 62 if not time_axis else 70, "right": 14, "top": 26, "bottom": 22},
                "legend": {"top": 0, "right": 8, "itemHeight": 8, "icon": "roundRect",
                           "textStyle": {"color": "#7d8b98", "fontSize": 11}},
                "tooltip": {"trigger": "axis", "confine": True},
                "xAxis": {"type": "time", "splitNumber": 3, **_AXIS},
                "yAxis": y_axis,
                "series": [
                    {"name": name, "type": "line", "showSymbol": False, "color": colour,
                     "lineStyle": {"width": 1.6}, "data": []}
                    for name, colour, _ in series
                ],
            }
        ).classes("chart")  # fmt: skip
        self._chart.props(f'role=img aria-label="{title}"')
        self._last = 0

    def show(self, samples: Sequence[AtTime]) -> None:
        """Show these samples, if they are new."""
        if not samples or samples[-1].at_ms == self._last:
            return
        self._last = samples[-1].at_ms
        step = max(1, len(samples) // 300)
        for index, (_, _, value) in enumerate(self._series):
            self._chart.options["series"][index]["data"] = [
                [sample.at_ms, value(sample)] for sample in samples[::step]
            ]
        self._chart.update()
