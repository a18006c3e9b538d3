"""`tidemill status`."""

from __future__ import annotations

from tidemill.cli.output import data_json
from tidemill.cli.servers_view import show_status
from tidemill.cli.verb import COMMON, Common, verb


def status(*, common: Common = COMMON) -> int:
    """Show the servers' state and memory.

    The exit code is 0 where every server that was started is ready or stopped in order, and 3 where
    one failed. The JSON is a stable schema: keys are only ever added.

    Args:
        common: the options of every verb.
    """
    from tidemill.control.project_context import open_project  # noqa: PLC0415 - loaded when called
    from tidemill.control.status import status as read_status  # noqa: PLC0415

    stack = read_status(open_project(common.project, needed=False).state_dir)
    if common.json:
        data_json(stack.as_dict())
    else:
        show_status(stack)
    return 3 if any(server.state == "failed" for server in stack.servers) else 0


APP = verb("status", status, "tidemill status --json")
