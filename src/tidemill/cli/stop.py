"""`tidemill stop`."""

from __future__ import annotations

from tidemill.cli.output import data_json, say
from tidemill.cli.verb import COMMON, Common, verb


def stop(pipeline: str, /, *, common: Common = COMMON) -> None:
    """Stop a pipeline in order, wherever it runs.

    A run of the embedded engine commits its last epoch, one on Spark ends its streams, a job on
    Flink is stopped with a savepoint. The next run on the same engine goes on from there.

    Args:
        pipeline: its name.
        common: the options of every verb.
    """
    from tidemill.control.stop import stop as stop_runs  # noqa: PLC0415 - loaded when called

    runs = stop_runs(pipeline, common.project)
    if common.json:
        data_json([run.as_dict() for run in runs])
        return
    for run in runs:
        at = f" at {run.savepoint}" if run.savepoint else ""
        say(f"{run.pipeline} on {run.engine}: {run.state}{at}")


APP = verb("stop", stop, "tidemill stop orders")
