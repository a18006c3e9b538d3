"""`tidemill savepoint delete`."""

from __future__ import annotations

from tidemill.cli.output import data_json, say
from tidemill.cli.verb import COMMON, Common, verb


def savepoint_delete(pipeline: str, name: str, /, *, common: Common = COMMON) -> None:
    """Delete a savepoint.

    Args:
        pipeline: the name of a pipeline, or the path of a .sql file.
        name: the savepoint's name.
        common: the options of every verb.
    """
    from tidemill.control.savepoints import delete_savepoint  # noqa: PLC0415 - loaded when called

    gone = delete_savepoint(common.project, pipeline, name)
    if common.json:
        data_json(gone.as_dict())
    else:
        say(f"Deleted savepoint {gone.name} of {gone.pipeline}.")


APP = verb("delete", savepoint_delete, "tidemill savepoint delete orders epoch-120")
