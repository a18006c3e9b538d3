"""`tidemill logs`."""

from __future__ import annotations

import contextlib
from typing import Annotated

from cyclopts import Parameter

from tidemill.cli.output import data, data_json_line
from tidemill.cli.verb import COMMON, Common, verb


def logs(
    server: str,
    /,
    *,
    lines: Annotated[int, Parameter(name=["--lines", "-n"])] = 100,
    follow: Annotated[bool, Parameter(name=["--follow", "-f"], show_default=False)] = False,
    common: Common = COMMON,
) -> None:
    """Print a server's log.

    Args:
        server: postgres, kafka, connect, redis, registry, s3 or supervisor.
        lines: how many of the last lines.
        follow: go on with new lines until Ctrl-C.
        common: the options of every verb.
    """
    from tidemill.control.logs import follow as follow_log  # noqa: PLC0415 - loaded when called
    from tidemill.control.logs import logs as read_log  # noqa: PLC0415
    from tidemill.control.project_context import open_project  # noqa: PLC0415

    state_dir = open_project(common.project, needed=False).state_dir
    found = follow_log(state_dir, server, lines) if follow else read_log(state_dir, server, lines)
    with contextlib.suppress(KeyboardInterrupt) if follow else contextlib.nullcontext():
        for line in found:
            if common.json:
                data_json_line({"server": server, "line": line})
            else:
                data(line)


APP = verb("logs", logs, "tidemill logs kafka --lines 50\ntidemill logs connect --follow")
