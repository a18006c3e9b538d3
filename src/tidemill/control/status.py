"""Use case `status`: how the servers of a project are."""

from __future__ import annotations

from pathlib import Path

from tidemill.control.stack_status import StackStatus, stack_status
from tidemill.services.state import state_folder
from tidemill.services.supervisor import client


def status(state_dir: Path) -> StackStatus:
    """The servers now; after `down` or a crash, what was last known of them. Never waits."""
    folder = state_folder(state_dir)
    alive = client.is_supervised(folder)
    return stack_status(folder, client.read_status(folder), alive=alive)
