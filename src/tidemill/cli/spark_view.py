"""How runs on Spark are shown in a table."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tidemill.cli.output import say, table
from tidemill.cli.servers_view import duration

if TYPE_CHECKING:
    from tidemill.control.spark_status import PipelineOnSpark

_COLUMNS = ("pipeline on spark", "state", "rows in", "batches", "watermark", "for", "pid")


def show_pipelines(found: Sequence[PipelineOnSpark]) -> None:
    """The pipelines of a project that have run on Spark, as a table; why one failed on stderr."""
    now_ms = time.time() * 1000
    rows = []
    for one in found:
        until_ms = one.at_ms if one.pid is None else now_ms
        marks = sorted(stream.watermark for stream in one.streams if stream.watermark)
        rows.append(
            (
                one.pipeline,
                one.state,
                f"{sum(stream.rows_in for stream in one.streams):,}" if one.streams else None,
                f"{sum(stream.batch + 1 for stream in one.streams):,}" if one.streams else None,
                marks[0] if marks else None,
                duration((until_ms - one.started_at_ms) / 1000),
                one.pid,
            )
        )
    table(_COLUMNS, rows, right=("rows in", "batches", "for", "pid"))
    for one in found:
        if one.state == "failed" and one.error:
            say(f"{one.pipeline}: {one.error}")
