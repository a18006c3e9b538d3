"""`tidemill eject`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from tidemill.cli.output import data_json, say
from tidemill.cli.variables import Variables, parse_variables
from tidemill.cli.verb import COMMON, Common, verb


def eject(
    pipeline: str,
    folder: Path | None = None,
    /,
    *,
    to: Annotated[Literal["spark", "flink"], Parameter()],
    var: Variables = (),
    common: Common = COMMON,
) -> None:
    """Write a pipeline out as a project of its own.

    For Spark: the PySpark program that --engine spark runs, its requirements and jars, and how to
    run it with spark-submit. For Flink: the SQL, its jars, and how to run it with the SQL client or
    the SQL Gateway. What the pipeline's tables refer to (servers, secrets, variables) becomes
    environment variables; no secret is written.

    Args:
        pipeline: the name of a pipeline, or the path of a .sql file.
        folder: the folder to write, which must be empty or absent; by default PIPELINE-ENGINE.
        to: spark or flink.
        var: variables.
        common: the options of every verb.
    """
    from tidemill.control.eject import eject as write  # noqa: PLC0415 - loaded when called

    into = folder if folder is not None else Path(f"{Path(pipeline).stem}-{to}")
    made = write(pipeline, to, into, common.project, variables=parse_variables(var))
    if common.json:
        data_json(asdict(made))
        return
    for note in made.notes:
        say(f"note: {note}")
    say(f"Wrote {made.folder}: {', '.join(made.files)}")
    if made.variables:
        say(f"It reads the environment variables {', '.join(sorted(made.variables))}")


APP = verb(
    "eject",
    eject,
    "tidemill eject orders --to spark\ntidemill eject orders orders-flink --to flink",
)
