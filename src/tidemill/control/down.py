"""Use case `down`: no process of a project's servers is left.

Guarantees: works while servers start, half-started, after a crash of the supervisor, and when
nothing runs; idempotent. A server is asked to end in order, and killed when it takes too long.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tidemill.records import dataclass
from tidemill.services.state import state_folder, storage_error
from tidemill.services.supervisor import client
from tidemill.services.supervisor.status import ServerState


@dataclass(frozen=True, slots=True)
class DownResult:
    """What `down` did."""

    stopped: tuple[str, ...]
    data_removed: bool

    def as_dict(self) -> dict[str, Any]:
        """The result as JSON data."""
        return {"stopped": list(self.stopped), "data_removed": self.data_removed}


def down(state_dir: Path, *, remove_data: bool = False) -> DownResult:
    """Stop all servers and the supervisor; raises ServiceError where a process cannot be ended.

    Args:
        state_dir: the project's `.tidemill` folder.
        remove_data: also remove the servers' data, credentials and logs. Anything else in the
            folder, such as checkpoints of pipelines, stays.
    """
    folder = state_folder(state_dir)
    said = client.read_status(folder) if client.is_supervised(folder) else None
    running = [
        name
        for name, server in (said.servers.items() if said else ())
        if server.state not in (ServerState.STOPPED, ServerState.FAILED)
    ]
    client.stop(folder)
    if remove_data and folder.root.is_dir():
        try:
            for part in ("servers", "logs", "requests"):
                if (folder.root / part).exists():
                    shutil.rmtree(folder.root / part)
            folder.status.unlink(missing_ok=True)
        except OSError as error:
            raise storage_error(folder.root, error) from error
    return DownResult(tuple(running), remove_data)
