"""`tidemill status`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from tidemill.cli.flink_view import show_pipelines
from tidemill.cli.output import data_json
from tidemill.cli.servers_view import show_status
from tidemill.cli.verb import COMMON, Common, verb

if TYPE_CHECKING:
    from tidemill.control.stack_status import StackStatus


def status(*, common: Common = COMMON) -> int:
    """Show the servers' state and memory.

    Below them stand the pipelines whose last job is on Flink.

    The exit code is 0 where every server that was started is ready or stopped in order, and 3 where
    one failed. The JSON is a stable schema: keys are only ever added.

    Args:
        common: the options of every verb.
    """
    from tidemill.control.flink_status import pipelines_on_flink  # noqa: PLC0415
    from tidemill.control.project_context import open_project  # noqa: PLC0415 - loaded when called
    from tidemill.control.status import status as read_status  # noqa: PLC0415

    project = open_project(common.project, needed=False)
    stack, on_flink = read_status(project.state_dir), pipelines_on_flink(project)
    if common.json:
        data_json({**stack.as_dict(), "pipelines_on_flink": [asdict(one) for one in on_flink]})
        return _code(stack)
    show_status(stack)
    if on_flink:
        show_pipelines(on_flink)
    return _code(stack)


def _code(stack: StackStatus) -> int:
    return 3 if any(server.state == "failed" for server in stack.servers) else 0


APP = verb("status", status, "tidemill status --json")
