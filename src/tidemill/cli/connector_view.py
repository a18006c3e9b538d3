"""What all `connector` verbs share: the option of another worker, and how a state is shown."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from tidemill.cli.output import data, data_json, say

if TYPE_CHECKING:
    from tidemill.control.connect_client import ConnectorStatus

Url = Annotated[
    str | None,
    Parameter(
        name="--url",
        help="Address of another Kafka Connect; by default the project's own.",
    ),
]


def done(status: ConnectorStatus, what: str, *, as_json: bool) -> None:
    """Say that something was done to a connector."""
    if as_json:
        data_json(asdict(status))
    else:
        tasks = len(status.tasks)
        say(f"{what} {status.name}: {status.state}, {tasks} task{'s' * (tasks != 1)}.")


def show(status: ConnectorStatus, *, as_json: bool) -> None:
    """Show a connector's state with its tasks, and the trace of what failed."""
    if as_json:
        data_json(asdict(status))
        return
    data(f"{status.name} ({status.type}): {status.state}")
    for task in status.tasks:
        data(f"  task {task.id}: {task.state}")
    if status.failure is not None:
        data(status.failure.rstrip())
