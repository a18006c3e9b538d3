"""`tidemill run --engine flink`: how a run on Flink is shown."""

from __future__ import annotations

from tidemill.cli.flink_view import JobTalk
from tidemill.cli.output import data_json_line, say
from tidemill.cli.variables import Variables, parse_variables
from tidemill.cli.verb import Common


def run_on_flink(
    pipeline: str | None,
    *,
    var: Variables,
    bridge: tuple[str, ...],
    every_s: float,
    common: Common,
) -> int:
    """Run, and tell of the job now and then; returns the exit code."""
    from tidemill.control.run_flink import run_flink  # noqa: PLC0415 - loaded when called

    view = JobTalk(every_s, as_json=common.json)
    result = run_flink(
        pipeline,
        common.project,
        variables=parse_variables(var),
        watch=view.watch,
        bridge=bridge,
    )
    if common.json:
        data_json_line({"type": "result", **result.as_dict()})
        return 0
    for note in result.notes:
        say(f"note: {note}")
    say(f"{result.pipeline}: {result.state.lower()} on Flink, {result.rows_out:,} rows out")
    if result.rows_carried is not None:
        say(f"{result.rows_carried:,} rows carried on over the bridge since it began")
    if result.savepoint:
        say(f"The next run goes on from {result.savepoint}")
    return 0
