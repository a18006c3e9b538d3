"""`tidemill deadletter redrive`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tidemill.cli.deadletter_options import Code, Stage, Table
from tidemill.cli.output import data, data_json, say
from tidemill.cli.topic_options import Bootstrap
from tidemill.cli.verb import COMMON, Common, verb


def deadletter_redrive(
    pipeline: str,
    /,
    *,
    table: Table = None,
    stage: Stage = None,
    code: Code = None,
    mended: Annotated[Path | None, Parameter(name=["--mended", "-m"])] = None,
    dry_run: Annotated[bool, Parameter(name=["--dry-run", "-n"], negative=())] = False,
    limit: int | None = None,
    bootstrap: Bootstrap = None,
    common: Common = COMMON,
) -> None:
    """Put messages back into their topics.

    The messages are those of dead letters.

    Do it when the cause is mended: a column's type, a function, an expectation. Each message goes
    back once, however often this is run; one that fails again is a new letter. What may have
    reached a result, and old changes of a changelog, stay letters, and the reason is told. A
    message goes to the end of its partition with its own timestamp, so it may be late for windows,
    and other readers of the topic get it again.

    Args:
        pipeline: the name of a pipeline, or the path of a .sql file.
        table: only letters of this table.
        stage: only letters of this stage.
        code: only letters with this error code.
        mended: lines of `deadletter show --json` with the value mended; only these go back.
        dry_run: only say what would be done.
        limit: at most so many messages.
        bootstrap: another cluster.
        common: the options of every verb.
    """
    from tidemill.control.dead_letters.redrive import redrive  # noqa: PLC0415 - when called
    from tidemill.control.dead_letters.selection import (  # noqa: PLC0415
        Selection,
        read_mended,
    )
    from tidemill.control.dead_letters.text import redriven_lines  # noqa: PLC0415
    from tidemill.control.project_context import project_for  # noqa: PLC0415
    from tidemill.control.topics import Cluster  # noqa: PLC0415

    chosen = Selection(table, stage, code, read_mended(mended) if mended is not None else {})
    done = redrive(
        project_for(pipeline, common.project),
        Cluster(common.project, bootstrap),
        pipeline,
        chosen,
        dry_run=dry_run,
        limit=limit,
        progress=lambda count: None if common.json else say(f"{count:,} messages are back"),
    )
    if common.json:
        data_json({"messages": done.messages, **asdict(done)})
        return
    for line in redriven_lines(done):
        data(line)


APP = verb(
    "redrive",
    deadletter_redrive,
    "tidemill deadletter redrive trips --dry-run\n"
    "tidemill deadletter redrive trips --code format.type-mismatch\n"
    "tidemill deadletter redrive trips --mended letters.jsonl",
)
