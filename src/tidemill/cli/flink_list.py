"""`tidemill flink list`."""

from __future__ import annotations

from tidemill.cli.flink_view import progress_of, show_jobs
from tidemill.cli.output import data_json
from tidemill.cli.verb import COMMON, Common, verb


def flink_list(*, common: Common = COMMON) -> None:
    """List the jobs of Flink.

    The newest stands first.

    Args:
        common: the options of every verb.
    """
    from tidemill.control.flink_jobs import list_jobs  # noqa: PLC0415 - loaded when called

    jobs = list_jobs(common.project)
    if common.json:
        data_json([progress_of(job) for job in jobs])
    else:
        show_jobs(jobs)


APP = verb("list", flink_list, "tidemill flink list")
