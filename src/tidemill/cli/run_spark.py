"""`tidemill run --engine spark`: how a run on Spark is shown."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tidemill.cli.output import data_json_line, say
from tidemill.cli.servers_view import StackTalk
from tidemill.cli.variables import Variables, parse_variables
from tidemill.cli.verb import Common

if TYPE_CHECKING:
    from tidemill.control.spark_status import StreamProgress


def run_on_spark(
    pipeline: str | None,
    *,
    var: Variables,
    conf: tuple[str, ...],
    every_s: float,
    common: Common,
) -> int:
    """Run, and tell of the streams now and then; returns the exit code."""
    from tidemill.control.run_spark import parse_properties, run_spark  # noqa: PLC0415

    view = _Talk(every_s, as_json=common.json)
    with StackTalk() as stack:
        result = run_spark(
            pipeline,
            common.project,
            variables=parse_variables(var),
            properties=parse_properties(conf),
            progress=stack.tell,
            watch=view.watch,
        )
    if common.json:
        data_json_line({"type": "result", **result.as_dict()})
        return 0
    for note in result.notes:
        say(f"note: {note}")
    say(f"{result.pipeline}: {result.state.lower()} on Spark")
    for stream in result.streams:
        say(f"  {stream.sink}: {stream.rows_in:,} rows in, {stream.batch + 1:,} batches")
    return 0


class _Talk:
    """Tells of the streams every few seconds."""

    def __init__(self, every_s: float, *, as_json: bool) -> None:
        self._every_s, self._as_json = every_s, as_json
        self._due = time.monotonic() + every_s

    def watch(self, streams: Sequence[StreamProgress]) -> None:
        """Tell, where it is time to."""
        if time.monotonic() < self._due or not streams:
            return
        self._due = time.monotonic() + self._every_s
        for stream in streams:
            if self._as_json:
                data_json_line(
                    {
                        "type": "progress",
                        "sink": stream.sink,
                        "rows_in": stream.rows_in,
                        "batch": stream.batch,
                        "watermark": stream.watermark,
                    }
                )
            else:
                say(f"{stream.sink}: {stream.rows_in:,} rows in, watermark {stream.watermark}")
