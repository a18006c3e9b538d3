"""`tidemill run --engine flink`: how a run on Flink is shown."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tidemill.cli.output import data_json_line, say
from tidemill.cli.variables import Variables, parse_variables
from tidemill.cli.verb import Common
from tidemill.errors import UsageError

if TYPE_CHECKING:
    from tidemill.runners.flink import Job


def run_on_flink(
    pipeline: str | None,
    *,
    var: Variables,
    every_s: float,
    until_caught_up: bool,
    common: Common,
) -> int:
    """Run, and tell of the job now and then; returns the exit code."""
    from tidemill.control.run_flink import run_flink  # noqa: PLC0415 - loaded when called

    if until_caught_up:
        raise UsageError(
            "--until-caught-up cannot be had with --engine flink",
            code="cli.usage",
            hint="Give the sources an end ('scan.bounded.mode' = 'latest-offset').",
        )
    view = _View(every_s, as_json=common.json)
    result = run_flink(pipeline, common.project, variables=parse_variables(var), watch=view.watch)
    if common.json:
        data_json_line({"type": "result", **result.as_dict()})
        return 0
    for note in result.notes:
        say(f"note: {note}")
    say(f"{result.pipeline}: {result.state.lower()} on Flink, {result.rows_out:,} rows out")
    if result.savepoint:
        say(f"The next run goes on from {result.savepoint}")
    return 0


class _View:
    """A line at each change of state, and every few seconds."""

    def __init__(self, every_s: float, *, as_json: bool) -> None:
        self._every_s = every_s
        self._as_json = as_json
        self._state = ""
        self._due = 0.0

    def watch(self, job: Job) -> None:
        """Tell of the job, if it is time."""
        now = time.monotonic()
        if job.state == self._state and now < self._due:
            return
        self._state, self._due = job.state, now + self._every_s
        if self._as_json:
            data_json_line(
                {
                    "type": "progress",
                    "engine": "flink",
                    "job_id": job.id,
                    "state": job.state,
                    "rows_in": job.rows_in,
                    "rows_out": job.rows_out,
                }
            )
        else:
            say(f"{job.name} {job.state.lower()}: {job.rows_in:,} in, {job.rows_out:,} out")
