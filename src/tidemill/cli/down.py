"""`tidemill down`."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

from tidemill.cli.output import data_json, say
from tidemill.cli.verb import COMMON, Common, verb
from tidemill.errors import UsageError


def down(
    *,
    remove_data: Annotated[bool, Parameter(show_default=False)] = False,
    yes: Annotated[bool, Parameter(name=["--yes", "-y"], show_default=False)] = False,
    common: Common = COMMON,
) -> None:
    """Stop the project's servers.

    Their data stays and is there again at the next `tidemill up`. No process is left.

    Args:
        remove_data: remove their data, credentials and logs too; asks first.
        yes: do not ask.
        common: the options of every verb.
    """
    from tidemill.control.down import down as stop  # noqa: PLC0415 - loaded when called
    from tidemill.control.project_context import open_project  # noqa: PLC0415

    project = open_project(common.project, needed=False)
    if remove_data and not yes and not _agreed(str(project.state_dir)):
        say("Nothing was stopped or removed.")
        return
    result = stop(project.state_dir, remove_data=remove_data)
    if common.json:
        data_json(result.as_dict())
        return
    say(f"Stopped {', '.join(result.stopped)}." if result.stopped else "No server was running.")
    if result.data_removed:
        say("Removed the servers' data.")


def _agreed(folder: str) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "removing data needs a yes",
            code="cli.usage",
            hint="Add --yes where there is no terminal to ask on.",
        )
    sys.stderr.write(f"Remove all data of the servers in {folder}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


APP = verb("down", down, "tidemill down")
