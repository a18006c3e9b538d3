"""`tidemill flink cancel`."""

from __future__ import annotations

from tidemill.cli.flink_view import done
from tidemill.cli.verb import COMMON, Common, verb


def flink_cancel(job: str, /, *, common: Common = COMMON) -> None:
    """Cancel a job, without a savepoint.

    What it has not committed is lost; its checkpoints stay, and a pipeline's next run goes on from
    the last one.

    Args:
        job: its id, the begin of it, its name, or the name of a pipeline.
        common: the options of every verb.
    """
    from tidemill.control.flink_jobs import cancel_job  # noqa: PLC0415 - loaded when called

    done(cancel_job(common.project, job), "Cancelled", as_json=common.json)


APP = verb("cancel", flink_cancel, "tidemill flink cancel orders")
