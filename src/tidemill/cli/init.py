"""`tidemill init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from tidemill.cli.output import data_json, say
from tidemill.cli.verb import COMMON, Common, verb


def init(
    folder: Path,
    /,
    *,
    template: Annotated[
        Literal["minimal", "kafka-to-postgres", "cdc"], Parameter(name=["--template", "-t"])
    ] = "minimal",
    with_: Annotated[tuple[Literal["dbt"], ...], Parameter(name=["--with"], negative=())] = (),
    common: Common = COMMON,
) -> None:
    """Make a new project from a template.

    The folder is made if it is not there; a file that exists is never overwritten.

    Templates: minimal (a file summed into another file, no server), kafka-to-postgres (a topic,
    windowed, into a table), cdc (changes of a Postgres table through Debezium and Kafka).

    Args:
        folder: where; its name becomes the project's name.
        template: which template.
        with_: what to add: dbt (a warehouse on the project's Postgres). In a folder that has a
            project already only this is added.
        common: the options of every verb.
    """
    from tidemill.control.init import init as make  # noqa: PLC0415 - loaded when called

    result = make(folder, template, with_)
    if common.json:
        data_json(
            {
                "name": result.name,
                "folder": str(result.folder),
                "template": result.template,
                "files": list(result.files),
            }
        )
        return
    for file in result.files:
        say(f"  {folder / file}")
    say(f"Made the project {result.name}. What to do with it stands in {folder / 'README.md'}:")
    say(f"  cd {folder} && tidemill check")


APP = verb("init", init, "tidemill init my-project --template kafka-to-postgres")
