"""The board of pipelines: rates, lag, latency, event time, epochs, state, back-pressure."""

from __future__ import annotations

from typing import Any

from boards.parts import BYTES, RATE, RATIO, ROWS, SECONDS, board, lines, number, quantile

_P = '{pipeline=~"$pipeline"}'


def make() -> Any:
    """The board."""
    made = board(
        "tidemill-pipelines", "Tidemill: pipelines",
        "What pipelines do, how far they are behind, and how long their commits take.",
        ("pipeline", "tidemill_pipeline_up"),
    )  # fmt: skip
    panels = [
        number("Running", ROWS, f"sum(tidemill_pipeline_up{_P})"),
        number("Killed or failed", ROWS,
               'sum(tidemill_pipeline_state{pipeline=~"$pipeline",state=~"killed|failed"})'),
        number("Longest wait", SECONDS, f"max(tidemill_source_lag_seconds{_P})"),
        number("Oldest commit", SECONDS, f"max(tidemill_epoch_age_seconds{_P})"),
        number("State", BYTES, f"sum(tidemill_operator_state_bytes{_P})"),
        number("Recoveries", ROWS, f"sum(tidemill_pipeline_restarts_total{_P})"),
        lines("Rows in", RATE, (
            'sum by (pipeline, table) (rate(tidemill_source_rows_total{pipeline=~"$pipeline",'
            'outcome="rows"}[$__rate_interval]))', "{{pipeline}} {{table}}")),
        lines("Rows out", RATE, (
            'sum by (pipeline, table) (rate(tidemill_sink_rows_total{pipeline=~"$pipeline",'
            'outcome="out"}[$__rate_interval]))', "{{pipeline}} {{table}}")),
        lines("Late and dead rows", RATE, (
            'sum by (pipeline, outcome) (rate(tidemill_source_rows_total{pipeline=~"$pipeline",'
            'outcome=~"late|dead"}[$__rate_interval]))', "{{pipeline}} {{outcome}}")),
        lines("Lag", ROWS, (
            f"sum by (pipeline, table) (tidemill_source_lag_records{_P})",
            "{{pipeline}} {{table}}")),
        lines("Lag in seconds", SECONDS, (
            f"tidemill_source_lag_seconds{_P}", "{{pipeline}} {{table}}")),
        lines("Watermark behind the clock", SECONDS, (
            f"tidemill_source_watermark_lag_seconds{_P}", "{{pipeline}} {{table}}")),
        lines("End-to-end latency", SECONDS,
              (quantile(0.5, "tidemill_end_to_end_latency_seconds", "pipeline", _P),
               "{{pipeline}} p50"),
              (quantile(0.99, "tidemill_end_to_end_latency_seconds", "pipeline", _P),
               "{{pipeline}} p99"),
              about="From the store's time of a record to the commit of its epoch."),
        lines("Processing of a batch", SECONDS,
              (quantile(0.5, "tidemill_processing_duration_seconds", "pipeline", _P),
               "{{pipeline}} p50"),
              (quantile(0.99, "tidemill_processing_duration_seconds", "pipeline", _P),
               "{{pipeline}} p99")),
        lines("Work of operators", SECONDS,
              (quantile(0.99, "tidemill_operator_duration_seconds", "pipeline, operator", _P),
               "{{pipeline}} {{operator}} p99"),
              about="An operator's own work on a batch, without what those behind it took."),
        lines("Back-pressure", RATIO, (
            f"tidemill_source_back_pressure_ratio{_P}", "{{pipeline}} {{table}}"),
            about="Share of the time that a reader waited for the engine."),
        lines("Epoch duration", SECONDS,
              (quantile(0.5, "tidemill_epoch_duration_seconds", "pipeline", _P),
               "{{pipeline}} p50"),
              (quantile(0.99, "tidemill_epoch_duration_seconds", "pipeline", _P),
               "{{pipeline}} p99")),
        lines("Sink commits", SECONDS,
              (quantile(0.99, "tidemill_sink_commit_duration_seconds", "pipeline, group", _P),
               "{{pipeline}} {{group}} p99")),
        lines("Checkpoint size and failed epochs", BYTES,
              (f"tidemill_epoch_checkpoint_bytes{_P}", "{{pipeline}} bytes"),
              (f"increase(tidemill_epoch_failures_total{_P}[$__rate_interval])",
               "{{pipeline}} failures")),
        lines("State by operator", BYTES, (
            f"tidemill_operator_state_bytes{_P}", "{{pipeline}} {{operator}}"), span=24),
    ]  # fmt: skip
    for panel in panels:
        made.with_panel(panel)
    return made
