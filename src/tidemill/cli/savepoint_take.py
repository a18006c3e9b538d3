"""`tidemill savepoint take`."""

from __future__ import annotations

from tidemill.cli.output import data, data_json, say
from tidemill.cli.verb import COMMON, Common, verb


def savepoint_take(pipeline: str, /, *, name: str | None = None, common: Common = COMMON) -> None:
    """Take a savepoint of a pipeline.

    It holds the state and the positions in the sources as of the pipeline's last epoch, not what
    the sinks hold. A pipeline that runs goes on. Prints the savepoint's name; from there goes on:
    tidemill run PIPELINE --from NAME.

    Args:
        pipeline: the name of a pipeline, or the path of a .sql file.
        name: by default epoch-N, after the epoch that it holds.
        common: the options of every verb.
    """
    from tidemill.control.savepoints import take_savepoint  # noqa: PLC0415 - loaded when called

    taken = take_savepoint(common.project, pipeline, name)
    if common.json:
        data_json(taken.as_dict())
        return
    data(taken.name)
    say(f"Kept in {taken.folder}")


APP = verb(
    "take",
    savepoint_take,
    "tidemill savepoint take orders\ntidemill savepoint take orders --name before-the-change",
)
