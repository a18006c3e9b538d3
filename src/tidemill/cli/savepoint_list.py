"""`tidemill savepoint list`."""

from __future__ import annotations

import datetime as dt

from tidemill.cli.output import data_json, say, table
from tidemill.cli.verb import COMMON, Common, verb


def savepoint_list(pipeline: str | None = None, /, *, common: Common = COMMON) -> None:
    """List the savepoints, the newest first.

    Args:
        pipeline: the name of a pipeline, or the path of a .sql file; by default all.
        common: the options of every verb.
    """
    from tidemill.control.savepoints import list_savepoints  # noqa: PLC0415 - loaded when called

    found = list_savepoints(common.project, pipeline)
    if common.json:
        data_json([one.as_dict() for one in found])
    elif not found:
        say("There are no savepoints.")
    else:
        table(
            ("pipeline", "savepoint", "epoch", "taken at", "bytes"),
            [
                (one.pipeline, one.name, one.savepoint.epoch, _time(one.savepoint.taken_at_ms),
                 f"{one.savepoint.bytes:,}")
                for one in found
            ],
            right=("epoch", "bytes"),
        )  # fmt: skip


def _time(ms: int) -> str:
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC).isoformat(" ", "seconds")


APP = verb("list", savepoint_list, "tidemill savepoint list\ntidemill savepoint list orders")
