"""`tidemill deadletter list`."""

from __future__ import annotations

from dataclasses import asdict

from tidemill.cli.output import data_json, say, table
from tidemill.cli.topic_options import Bootstrap
from tidemill.cli.verb import COMMON, Common, verb


def deadletter_list(
    pipeline: str | None = None, /, *, bootstrap: Bootstrap = None, common: Common = COMMON
) -> None:
    """Count the dead letters.

    They are counted by table, stage and error code.

    Args:
        pipeline: the name of a pipeline, or the path of a .sql file; by default all.
        bootstrap: another cluster.
        common: the options of every verb.
    """
    from tidemill.control.dead_letters.read import letter_counts  # noqa: PLC0415 - when called
    from tidemill.control.project_context import open_project  # noqa: PLC0415
    from tidemill.control.topics import Cluster  # noqa: PLC0415

    project = open_project(common.project)
    counts = letter_counts(project, Cluster(common.project, bootstrap), pipeline)
    if common.json:
        data_json([asdict(one) for one in counts])
    elif not counts:
        say("There are no dead letters.")
    else:
        table(
            ("pipeline", "table", "stage", "code", "letters", "redriven", "the last one"),
            [
                (c.pipeline, c.table, c.stage, c.code, f"{c.letters:,}", f"{c.redriven:,}",
                 c.last_message)
                for c in counts
            ],
            right=("letters", "redriven"),
        )  # fmt: skip


APP = verb("list", deadletter_list, "tidemill deadletter list\ntidemill deadletter list trips")
