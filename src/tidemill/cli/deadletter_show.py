"""`tidemill deadletter show`."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from tidemill.cli.deadletter_options import Code, Stage, Table
from tidemill.cli.output import data, data_json_line, say
from tidemill.cli.topic_options import Bootstrap
from tidemill.cli.verb import COMMON, Common, verb

if TYPE_CHECKING:
    from tidemill.control.dead_letters.read import Letter


def deadletter_show(
    pipeline: str,
    /,
    *,
    table: Table = None,
    stage: Stage = None,
    code: Code = None,
    limit: int = 20,
    bootstrap: Bootstrap = None,
    common: Common = COMMON,
) -> None:
    """Show dead letters.

    Each comes with its origin, its reason and its message. With --json, each letter is a line with
    its origin (topic, partition and offset, by slashes), key and value; mend the value in such a
    line and give it to `deadletter redrive --mended`.

    Args:
        pipeline: the name of a pipeline, or the path of a .sql file.
        table: only letters of this table.
        stage: only letters of this stage.
        code: only letters with this error code.
        limit: the newest so many; 0 for all.
        bootstrap: another cluster.
        common: the options of every verb.
    """
    from tidemill.control.dead_letters.read import letters  # noqa: PLC0415 - when called
    from tidemill.control.dead_letters.selection import Selection  # noqa: PLC0415
    from tidemill.control.project_context import project_for  # noqa: PLC0415
    from tidemill.control.topics import Cluster  # noqa: PLC0415

    selection = Selection(table, stage, code)
    project = project_for(pipeline, common.project)
    every = letters(project, Cluster(common.project, bootstrap), pipeline)
    found = deque(filter(selection.has, every), maxlen=limit or None)
    if not found and not common.json:
        say("There are no such letters.")
    for letter in found:
        if common.json:
            data_json_line(letter.as_dict())
        else:
            data(_shown(letter))


def _shown(letter: Letter) -> str:
    origin = letter.origin or letter.table
    lines = [f"{origin}  {letter.stage}  {letter.code}{'  (redriven)' * letter.redriven}"]
    lines.append(f"  {letter.message}")
    for name, value in (("key", letter.key), ("value", letter.value)):
        if value is not None:
            lines.append(f"  {name}: {value.decode('utf-8', 'backslashreplace')}")
    return "\n".join(lines)


APP = verb(
    "show",
    deadletter_show,
    "tidemill deadletter show trips\n"
    "tidemill deadletter show trips --code format.malformed --json --limit 0 > letters.jsonl",
)
