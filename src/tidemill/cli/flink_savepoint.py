"""`tidemill flink savepoint`."""

from __future__ import annotations

from tidemill.cli.flink_view import done
from tidemill.cli.verb import COMMON, Common, verb


def flink_savepoint(job: str, /, *, common: Common = COMMON) -> None:
    """Take a savepoint of a job.

    The job goes on. Prints the savepoint.

    Args:
        job: its id, the begin of it, its name, or the name of a pipeline.
        common: the options of every verb.
    """
    from tidemill.control.flink_jobs import savepoint_job  # noqa: PLC0415 - loaded when called

    done(savepoint_job(common.project, job), "Took a savepoint of", as_json=common.json)


APP = verb("savepoint", flink_savepoint, "tidemill flink savepoint orders")
