"""Connections to Redis, and what its errors mean to the engine."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import Any

import redis.exceptions as failures
from redis.connection import Connection as Client
from redis.connection import SSLConnection

from tidemill.connectors.redis.options import RedisOptions
from tidemill.errors import ConnectorError, Where

Part = bytes | memoryview
_CHUNK = 10_000
_QUEUED = b"QUEUED"
_PASSING = {
    "OOM": "is out of memory (`maxmemory`)",
    "READONLY": "takes no writes: it is a read-only replica",
    "LOADING": "is still loading its data",
    "MISCONF": "takes no writes, as it cannot save its data",
    "MASTERDOWN": "has lost its primary",
    "BUSY": "is busy with a script",
    "TRYAGAIN": "asks to try again",
}
_MEND = {
    "OOM": "Give it more memory, or a `ttl` to the keys; the pipeline goes on by itself then.",
    "READONLY": "Write to the primary; after a failover the pipeline goes on by itself.",
    "MISCONF": "Look into the server's log: the disk may be full.",
}
_LOGIN = ("WRONGPASS", "NOAUTH", "NOPERM")
_CLUSTER = ("MOVED", "ASK", "CROSSSLOT", "CLUSTERDOWN")


class RedisConnection:
    """One connection; commands one by one, or many of one kind in a pipeline."""

    def __init__(self, options: RedisOptions) -> None:
        self.options = options
        self.shown = options.shown
        timeout_s = options.values["connection.timeout"] / 1000
        kind: Any = SSLConnection if options.tls else Client
        # The host's name is always checked: against the system's authorities, or this one.
        authority = {"ssl_ca_data": options.values["ssl.ca.pem"]} if options.tls else {}
        self._client: Any = kind(
            host=options.host, port=options.port, db=options.database,
            username=options.values["username"], password=options.values["password"],
            socket_timeout=timeout_s, socket_connect_timeout=min(10.0, timeout_s),
            protocol=2, client_name="tidemill", **authority,
        )  # fmt: skip

    def connect(self, retries: int) -> None:
        """Connect; tries again while nobody answers."""
        deadline_s = time.monotonic() + self.options.values["connection.max-retry-timeout"] / 1000
        attempt = 0
        while True:
            try:
                self._client.connect()
                return
            except (failures.RedisError, OSError) as error:
                failure = translate(error, self.shown)
                self.close()
                attempt += 1
                pause_s = min(2.0, 0.1 * 2**attempt)
                late = time.monotonic() + pause_s > deadline_s
                if not failure.retryable or attempt > retries or late:
                    raise failure from error
                time.sleep(pause_s)

    def ask(self, *command: str | bytes | int) -> Any:
        """One command and its reply; raises what the client raises."""
        self._client.send_command(*command)
        return self._client.read_response(disable_decoding=True)

    def pipeline(self, commands: Part, count: int) -> list[Any]:
        """Send `count` commands and return their replies; an error among them is returned."""
        self._client.send_packed_command([commands])
        return [self._reply() for _ in range(count)]

    def queue(self, commands: Part, count: int) -> None:
        """Send commands into the open MULTI; raises the first refusal, when all are answered."""
        refusal = None
        self._client.send_packed_command([commands])
        read = self._client.read_response
        for _ in range(count):
            try:
                reply = read(disable_decoding=True)
            except failures.ResponseError as error:
                refusal = refusal or error
                continue
            if reply != _QUEUED:
                refusal = refusal or failures.ResponseError(f"not queued: {reply!r:.60}")
        if refusal is not None:
            raise refusal

    def _reply(self) -> Any:
        try:
            return self._client.read_response(disable_decoding=True)
        except failures.ResponseError as error:
            return error

    def close(self) -> None:
        """Give the connection back; it can be connected again."""
        with contextlib.suppress(Exception):
            self._client.disconnect()


@contextlib.contextmanager
def translated(shown: str, table: str | None = None) -> Iterator[None]:
    """Turn every error of the client inside into a ConnectorError."""
    try:
        yield
    except (failures.RedisError, OSError) as error:
        raise translate(error, shown, table) from error


def is_lost(error: BaseException) -> bool:
    """Whether the connection is gone with it, so that nobody knows how an EXEC ended."""
    return isinstance(error, failures.ConnectionError | failures.TimeoutError | OSError) and (
        not isinstance(error, failures.BusyLoadingError | failures.AuthenticationError)
    )


def translate(error: Exception, shown: str, table: str | None = None) -> ConnectorError:
    """The error as the engine and its user need it."""
    where = Where(server=shown, table=table)
    said = " ".join(str(error).split())
    word = _word(error, said)
    if word in _LOGIN or isinstance(error, failures.AuthenticationError):
        missing = word == "NOPERM"
        return ConnectorError(
            f"{shown} {'denies a right that is needed' if missing else 'refuses the login'}",
            code="connector.login-refused", where=where, detail=said,
            hint="Grant the command and the keys to the user (ACL SETUSER)." if missing
            else "Check the options 'username' and 'password'.",
        )  # fmt: skip
    if word in _PASSING:
        return ConnectorError(
            f"{shown} {_PASSING[word]}",
            code="connector.store-error", where=where, detail=said, hint=_MEND.get(word),
            retryable=True,
        )  # fmt: skip
    if word in _CLUSTER:
        return ConnectorError(
            f"{shown} belongs to a Redis Cluster",
            code="connector.store-error", where=where, detail=said,
            hint="An epoch is one MULTI/EXEC, which a cluster cannot do: use a single server.",
        )  # fmt: skip
    if is_lost(error):
        return ConnectorError(
            f"{shown} cannot be reached or broke off",
            code="connector.unreachable", where=where, detail=said or type(error).__name__,
            hint="Is the server running? See `tidemill status`.", retryable=True,
        )  # fmt: skip
    return ConnectorError(
        f"{shown} refused a command", code="connector.store-error", where=where, detail=said
    )


def _word(error: Exception, said: str) -> str:
    """The error's first word, which the client takes off where it knows it."""
    first = getattr(error, "status_code", None) or said.partition(" ")[0].rstrip(":")
    if first == "EXECABORT":
        known = [*_PASSING, *_LOGIN, *_CLUSTER]
        return next((word for word in known if word in said.split()), first)
    return str(first)


def chunks(parts: Sequence[Any], size: int = _CHUNK) -> Iterator[slice]:
    """Slices that cover a sequence."""
    for start in range(0, len(parts), size):
        yield slice(start, start + size)
