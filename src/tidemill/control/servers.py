"""Start the servers that a project names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tidemill.control.project_context import open_project
from tidemill.control.stack_status import StackStatus
from tidemill.control.up import StackEvent, up
from tidemill.errors import ProjectError
from tidemill.project import Project, ensure_state_dir


def start_servers(
    folder: Path | None,
    servers: Sequence[str],
    progress: Callable[[StackEvent], None] | None = None,
) -> StackStatus:
    """Start the named servers, or all that the project names, and wait until they are ready."""
    return start_project_servers(open_project(folder, needed=not servers), servers, progress)


def start_project_servers(
    project: Project,
    servers: Sequence[str],
    progress: Callable[[StackEvent], None] | None = None,
    *,
    tie_to_caller: bool = False,
) -> StackStatus:
    """As `start_servers`, for a project that is open already."""
    names = tuple(servers) or project.servers.names
    if not names:
        raise ProjectError(
            f"the project {project.name} names no servers",
            code="control.no-servers",
            hint="Add for example `servers: {postgres: , kafka: }` to tidemill.yaml, or name them: "
            "tidemill up kafka",
        )
    state_dir = ensure_state_dir(project.state_dir)
    return up(state_dir, names, project.servers.given(), progress, tie_to_caller=tie_to_caller)
