"""The key `tidemill:epoch:<job>`: which epoch a job has committed, and who may commit next.

It is a hash with `fence`, which rises with every process that opens the job's sinks, and `epoch`.
A commit is a MULTI/EXEC under WATCH of this key, so it fails where a newer process took over.
"""

from __future__ import annotations

from tidemill.connectors.redis.connection import RedisConnection
from tidemill.errors import ConnectorError, Where


class Fence:
    """The right of one process to commit for one job."""

    def __init__(self, job: str, user: str | None) -> None:
        self._job = job
        self.key = f"tidemill:epoch:{job}" + (f":{user}" if user else "")
        self._fence = 0

    def take(self, connection: RedisConnection) -> int | None:
        """Shut out all older processes of the job; return the epoch that is committed."""
        connection.ask("MULTI")
        connection.ask("HINCRBY", self.key, "fence", 1)
        connection.ask("HGET", self.key, "epoch")
        fence, epoch = connection.ask("EXEC")
        self._fence = int(fence)
        return None if epoch is None else int(epoch)

    def watch(self, connection: RedisConnection) -> None:
        """From here on an EXEC fails if somebody takes over; raises if somebody already has."""
        connection.ask("WATCH", self.key)
        held = connection.ask("HGET", self.key, "fence")
        if held is None:
            raise ConnectorError(
                f"the key `{self.key}` is gone from {connection.shown}",
                code="connector.store-error",
                where=Where(server=connection.shown),
                detail="It says which epoch is committed here; the server was emptied, or lost "
                "its data in a restart.",
                retryable=True,
            )
        if int(held) != self._fence:
            raise self.fenced(connection)

    def advance(self, connection: RedisConnection, epoch: int) -> None:
        """Queue the epoch's number into the open MULTI."""
        connection.ask("HSET", self.key, "epoch", epoch)

    def fenced(self, connection: RedisConnection) -> ConnectorError:
        """The error where a newer process took over."""
        return ConnectorError(
            f"a newer process of this job writes to {connection.shown}",
            code="connector.fenced",
            where=Where(server=connection.shown),
            detail=f"Job `{self._job}`: nothing of the open epoch was committed here.",
            hint="Let one of the two processes run and stop the other.",
        )
