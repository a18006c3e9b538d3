"""`tidemill flink status`."""

from __future__ import annotations

from tidemill.cli.flink_view import progress_of, show_job
from tidemill.cli.output import data_json
from tidemill.cli.verb import COMMON, Common, verb


def flink_status(job: str, /, *, common: Common = COMMON) -> None:
    """Show a job: rows, watermark, state.

    With its checkpoints, backpressure and the root cause of its last failure. Flink gathers these
    figures about every ten seconds.

    Args:
        job: its id, the begin of it, its name, or the name of a pipeline.
        common: the options of every verb.
    """
    from tidemill.control.flink_jobs import job_status  # noqa: PLC0415 - loaded when called

    found = job_status(common.project, job)
    if common.json:
        data_json(progress_of(found))
    else:
        show_job(found)


APP = verb("status", flink_status, "tidemill flink status orders")
