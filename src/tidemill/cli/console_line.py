"""The line that says where the console runs, or how to open it."""

from __future__ import annotations

from pathlib import Path

from tidemill.cli.output import say
from tidemill.cli.verb import Common


def say_console(common: Common, folder: Path | None = None) -> None:
    """Say it for the project of a command, or for the one in `folder`."""
    from tidemill.control.console_address import console_address  # noqa: PLC0415 - loaded when used
    from tidemill.control.project_context import open_project  # noqa: PLC0415

    project = open_project(folder or common.project, needed=False)
    address = console_address(project.state_dir)
    if address is not None:
        say(f"The console runs at {address}")
    else:
        place = f" -C {folder}" if folder is not None else ""
        say(f"See it in a browser: tidemill console{place}")
