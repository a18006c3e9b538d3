"""What a Redis server says of itself."""

from __future__ import annotations

from typing import Any

import redis.exceptions as failures
from redis.connection import Connection as Client

from tidemill.errors import ConnectorError, Where
from tidemill.records import dataclass

_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class RedisState:
    """Memory in bytes, clients now, keys of all databases, and counts since its start."""

    memory_bytes: int
    clients: int
    keys: int
    commands: int
    evicted: int


def redis_stats(host: str, port: int, user: str | None, password: str | None) -> RedisState:
    """Ask a server (INFO); raises ConnectorError."""
    client: Any = Client(
        host=host, port=port, username=user, password=password, protocol=2,
        socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S, client_name="tidemill",
    )  # fmt: skip
    try:
        client.connect()
        client.send_command("INFO")
        found = _parsed(bytes(client.read_response()).decode())
    except (failures.RedisError, OSError) as error:
        raise ConnectorError(
            f"redis {host}:{port} does not say how it is: {error}",
            code="connector.unreachable",
            where=Where(server="redis"),
            hint="Is it up? See `tidemill status`.",
            retryable=True,
        ) from error
    finally:
        client.disconnect()
    return RedisState(
        int(found["used_memory"]),
        int(found["connected_clients"]),
        sum(_keys(value) for name, value in found.items() if name.startswith("db")),
        int(found["total_commands_processed"]),
        int(found["evicted_keys"]),
    )


def _parsed(text: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in text.splitlines() if not line.startswith("#"))
    return {name: value for name, colon, value in pairs if colon}


def _keys(text: str) -> int:
    """Of `keys=3,expires=0,avg_ttl=0`."""
    return int(dict(part.split("=", 1) for part in text.split(","))["keys"])
