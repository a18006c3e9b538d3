"""`tidemill flink stop`."""

from __future__ import annotations

from tidemill.cli.flink_view import done
from tidemill.cli.verb import COMMON, Common, verb


def flink_stop(job: str, /, *, common: Common = COMMON) -> None:
    """Stop a job with a savepoint.

    Prints the savepoint. The next run of the pipeline whose job it is goes on from it; a program is
    gone on with by `tidemill flink run --from-savepoint`.

    Args:
        job: its id, the begin of it, its name, or the name of a pipeline.
        common: the options of every verb.
    """
    from tidemill.control.flink_jobs import stop_job  # noqa: PLC0415 - loaded when called

    done(stop_job(common.project, job), "Stopped", as_json=common.json)


APP = verb("stop", flink_stop, "tidemill flink stop orders")
