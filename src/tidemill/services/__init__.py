"""Real servers as child processes: Postgres, Kafka, Kafka Connect with Debezium, Flink, S3.

- one file per server: `postgres`, `kafka`, `connect`, `s3` ...; all of them in `registry`
- `install`: their files, by `servers.lock`, which `lock` makes; `java`: what runs JVM servers
- `supervisor`: the process that keeps them running

Guarantees: loopback only; no Docker and no root needed, and root is fine too; no process outlives
its supervisor; secrets stand only in files that their owner alone may read.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tidemill.interfaces.service import Endpoint


def running_endpoints(state_dir: Path) -> Mapping[str, Endpoint]:
    """How to reach the servers that run now, by name; with their secrets.

    A server that has just died and is being restarted is among them: it comes back on its port.
    """
    # Loaded when asked for: `tidemill --help` must not wait for them.
    from tidemill.services.endpoints import endpoints_of  # noqa: PLC0415
    from tidemill.services.state import state_folder  # noqa: PLC0415
    from tidemill.services.supervisor.client import (  # noqa: PLC0415
        is_supervised,
        read_status,
    )
    from tidemill.services.supervisor.status import ServerState  # noqa: PLC0415

    folder = state_folder(state_dir)
    status = read_status(folder) if is_supervised(folder) else None
    if status is None or status.stopping:
        return {}
    up = tuple(
        name
        for name, server in status.servers.items()
        if server.state in (ServerState.READY, ServerState.RESTARTING)
        or (server.state is ServerState.STARTING and server.restarts)
    )
    return endpoints_of(folder, up)
