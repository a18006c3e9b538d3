"""`tidemill apply`."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

from tidemill.cli.output import data, data_json, say
from tidemill.cli.variables import Variables, parse_variables
from tidemill.cli.verb import COMMON, Common, verb
from tidemill.errors import UsageError


def apply(
    pipeline: str | None = None,
    /,
    *,
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    side_by_side: Annotated[bool, Parameter(show_default=False)] = False,
    yes: Annotated[bool, Parameter(show_default=False)] = False,
    allow_lost: Annotated[bool, Parameter(show_default=False)] = False,
    var: Variables = (),
    common: Common = COMMON,
) -> int:
    """Take state over into a changed text.

    Shows what `tidemill plan` shows and asks. Then stops the pipeline where it runs, keeps what
    stands as a savepoint, reads the past again for what must be rebuilt, and switches; the next
    `tidemill run` goes on with the new text. Until the switch nothing is changed: where it fails,
    the old text goes on.

    Rows of the past go to new tables, and to tables with a primary key, where they replace those
    of their key; a table without one keeps what it has and gets what comes from here on.

    The exit code is 1 where nothing was done, because nobody confirmed or state would be lost.

    Args:
        pipeline: the name of a pipeline, or the path of a .sql file; by default the only one.
        from_: go on from a savepoint: its name, of another pipeline PIPELINE/NAME, or its folder.
        side_by_side: before it asks, run the old and the new version over the same input into
            shadow outputs, and print what differs: rows only in old, only in new, and changed.
        yes: do not ask.
        allow_lost: go on where state is lost too.
        var: variables.
        common: the options of every verb.
    """
    from tidemill.cli.plan import show  # noqa: PLC0415 - loaded when called
    from tidemill.control.change.apply import apply_change  # noqa: PLC0415
    from tidemill.control.change.planned import plan_change  # noqa: PLC0415
    from tidemill.control.change.side_by_side import difference_lines  # noqa: PLC0415
    from tidemill.control.change.side_by_side import side_by_side as compared  # noqa: PLC0415
    from tidemill.control.project_context import project_for  # noqa: PLC0415

    found = plan_change(pipeline, common.project, savepoint=from_, variables=parse_variables(var))
    if not common.json:
        show(found)
    project = project_for(pipeline or "", common.project)
    differ = compared(project, found) if side_by_side else []
    if not common.json:
        for line in difference_lines(differ):
            data(line)
    if not yes and found.verdict != "unchanged" and not _confirmed():
        say("Nothing was changed.")
        return 1
    done = apply_change(
        project, found, allow_lost=allow_lost, said=lambda note: say(f"note: {note}")
    )
    if common.json:
        shadow = [one.as_dict() for one in differ]
        data_json({**done.as_dict(), "plan": found.as_dict(), "side_by_side": shadow})
    elif done.savepoint is not None:
        say(f"Switched: {done.records:,} records were read again, {done.rows:,} rows go out.")
        say(f"Go on: tidemill run {done.pipeline}. Back: run the old text --from {done.savepoint}")
    else:
        say(f"There is nothing to do: tidemill run {done.pipeline} goes on.")
    return 0


def _confirmed() -> bool:
    if not sys.stdin.isatty():
        raise UsageError(
            "apply asks before it changes anything, and there is no terminal",
            code="cli.no-terminal",
            hint="In a script: --yes",
        )
    say("Apply this? [y/N]")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


APP = verb("apply", apply, "tidemill apply orders\ntidemill apply orders --side-by-side --yes")
