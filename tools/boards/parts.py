"""What Grafana's boards are made of: panels over Prometheus queries, in rows of a common height."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models.dashboard import DataSourceRef

SOURCE = DataSourceRef(type_val="prometheus", uid="${source}")
SECONDS, BYTES, ROWS, RATE, RATIO = "s", "bytes", "short", "rowsps", "percentunit"
HEIGHT = 8


def board(uid: str, title: str, description: str, *variables: tuple[str, str]) -> Any:
    """A board over the data source that one chooses; variables are labels with their metrics."""
    made = (
        dashboard.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags(["tidemill"])
        .time("now-30m", "now")
        .refresh("10s")
        .timezone("browser")
        .readonly()
        .with_variable(dashboard.DatasourceVariable("source").label("Source").type("prometheus"))
    )
    for label, metric in variables:
        made.with_variable(
            dashboard.QueryVariable(label)
            .label(label.capitalize())
            .datasource(SOURCE)
            .query(f"label_values({metric}, {label})")
            .include_all(True)
            .multi(True)
            .all_value(".*")
            .refresh(2)
        )
    return made


def query(expr: str, legend: str = "__auto") -> Any:
    """A query over time."""
    return prometheus.Dataquery().expr(expr).legend_format(legend).range()


def lines(title: str, unit: str, *queries: tuple[str, str], about: str = "", span: int = 8) -> Any:
    """Lines over time; each query with its legend."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(about)
        .unit(unit)
        .datasource(SOURCE)
        .height(HEIGHT)
        .span(span)
        .fill_opacity(8)
        .line_width(1)
        .show_points(kinds.VisibilityMode.NEVER)
        .min(0)
        .legend(
            common.VizLegendOptions()
            .display_mode(kinds.LegendDisplayMode.LIST)
            .placement(kinds.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
    )
    for letter, (expr, legend) in zip("ABCDEFGH", queries, strict=False):
        panel.with_target(query(expr, legend).ref_id(letter))
    return panel


def number(title: str, unit: str, expr: str, *, about: str = "", span: int = 4) -> Any:
    """One number now."""
    return (
        stat.Panel()
        .title(title)
        .description(about)
        .unit(unit)
        .datasource(SOURCE)
        .height(4)
        .span(span)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .with_target(prometheus.Dataquery().expr(expr).instant().ref_id("A"))
    )


def quantile(share: float, metric: str, by: str, where: str = "") -> str:
    """A quantile of a histogram over the last minutes."""
    inside = f"{metric}_bucket{where}[$__rate_interval]"
    return f"histogram_quantile({share}, sum by (le, {by}) (rate({inside})))"
