"""`tidemill status`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from tidemill.cli.flink_view import show_pipelines as show_pipelines_on_flink
from tidemill.cli.output import data_json
from tidemill.cli.pipelines_view import show_pipelines
from tidemill.cli.servers_view import show_status
from tidemill.cli.spark_view import show_pipelines as show_pipelines_on_spark
from tidemill.cli.verb import COMMON, Common, verb

if TYPE_CHECKING:
    from tidemill.control.stack_status import StackStatus


def status(*, common: Common = COMMON) -> int:
    """Show how servers and pipelines are.

    Below the servers stand the pipelines that have run here, as they said within the last half
    second, and those whose last job is on Flink, or last run on Spark.

    The exit code is 0 where every server that was started is ready or stopped in order, and 3 where
    one failed. The JSON is a stable schema: keys are only ever added.

    Args:
        common: the options of every verb.
    """
    from tidemill.control.flink_status import pipelines_on_flink  # noqa: PLC0415
    from tidemill.control.pipeline_states import pipeline_states  # noqa: PLC0415
    from tidemill.control.project_context import open_project  # noqa: PLC0415 - loaded when called
    from tidemill.control.spark_status import pipelines_on_spark  # noqa: PLC0415
    from tidemill.control.status import status as read_status  # noqa: PLC0415

    project = open_project(common.project, needed=False)
    stack, on_flink = read_status(project.state_dir), pipelines_on_flink(project)
    states, on_spark = pipeline_states(project), pipelines_on_spark(project)
    if common.json:
        pipelines = [state.as_dict() for state in states]
        others = {
            "pipelines_on_flink": [asdict(one) for one in on_flink],
            "pipelines_on_spark": [asdict(one) for one in on_spark],
        }
        data_json({**stack.as_dict(), "pipelines": pipelines, **others})
        return _code(stack)
    show_status(stack)
    show_pipelines(states)
    if on_flink:
        show_pipelines_on_flink(on_flink)
    if on_spark:
        show_pipelines_on_spark(on_spark)
    return _code(stack)


def _code(stack: StackStatus) -> int:
    return 3 if any(server.state == "failed" for server in stack.servers) else 0


APP = verb("status", status, "tidemill status --json")
