"""Redis: one server on loopback, with a generated password for its one user.

Guarantees: nobody gets in without the password (the default user is off, and the configuration
holds a hash only); every answered write survives `kill -9` (the append-only file is flushed before
the answer), and a MULTI/EXEC survives whole or not at all; nothing is evicted.
Non-guarantees: no replication, no cluster, no TLS (loopback only).
"""

from __future__ import annotations

import contextlib
import hashlib
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tidemill.errors import ServiceError, Where
from tidemill.interfaces.service import Command, Endpoint
from tidemill.services.context import ServiceContext
from tidemill.services.credentials import USER, generated_password
from tidemill.services.jvm import base_environment
from tidemill.services.ports import HOST, choose_ports
from tidemill.services.redis_binaries import Needed, redis_program
from tidemill.services.settings import refuse_reserved
from tidemill.services.state import storage_error, write_private

_RESERVED = (
    "bind",
    "port",
    "dir",
    "user",
    "requirepass",
    "aclfile",
    "daemonize",
    "unixsocket",
    "protected-mode",
    "tls-port",
    "include",
    "loadmodule",
    "cluster-enabled",
)


class Redis:
    """A single Redis server."""

    name = "redis"
    depends_on: tuple[str, ...] = ()
    installs = Needed()
    disk_min_bytes = 50 * 1024 * 1024
    death_signal = int(signal.SIGKILL)

    def __init__(self, context: ServiceContext) -> None:
        self._context = context
        self._folder = Path()
        self._port = 0
        self._password = ""

    def prepare(self, data: Path, endpoints: Mapping[str, Endpoint]) -> Endpoint:
        """Write the configuration; choose the port."""
        self._folder = data
        settings = self._context.settings
        for key in settings.properties:
            if any(character.isspace() or character in "\"'" for character in key):
                raise ServiceError(
                    f"`{key}` is no directive of redis",
                    code="service.bad-setting",
                    where=Where(server=self.name),
                    hint="Directives are written as in redis.conf, such as `maxmemory: 1gb`.",
                )
        lowered = {key.lower(): value for key, value in settings.properties.items()}
        refuse_reserved(self.name, settings, _RESERVED)
        ports = choose_ports(self.name, ("redis",), data, settings.port, self._context.note)
        self._port = ports["redis"]
        self._password = generated_password(data)
        storage = data / "data"
        try:
            storage.mkdir(exist_ok=True)
        except OSError as error:
            raise storage_error(storage, error, self.name) from error
        write_private(data / "redis.conf", self._configuration(lowered))
        return Endpoint(
            HOST,
            ports,
            {"user": USER, "url": f"redis://{HOST}:{self._port}/0"},
            {"password": self._password},
        )

    def _configuration(self, given: Mapping[str, str]) -> str:
        digest = hashlib.sha256(self._password.encode()).hexdigest()
        values = {**_defaults(self._port), **given}
        lines = [f"{key} {_quoted(value)}" for key, value in values.items()]
        users = ["user default off", f"user {USER} on #{digest} ~* &* +@all"]
        return "\n".join([*lines, *users, ""])

    def command(self) -> Command:
        """The server process; its working folder is where it keeps its data."""
        return Command(
            [str(redis_program()), str(self._folder / "redis.conf")],
            base_environment(self._folder),
            self._folder / "data",
        )

    def ready(self) -> bool:
        """Whether commands are served: data loaded, the user let in."""
        from redis import Redis as Client  # noqa: PLC0415 - only the prober
        from redis.exceptions import RedisError  # noqa: PLC0415

        with contextlib.suppress(RedisError, OSError):
            client: Any = Client(
                host=HOST, port=self._port, username=USER, password=self._password,
                socket_timeout=3, socket_connect_timeout=3,
            )  # fmt: skip
            try:
                return bool(client.ping())
            finally:
                client.close()
        return False

    def stop_signal(self) -> int:
        """SIGTERM: the server flushes its file and goes."""
        return int(signal.SIGTERM)


def _defaults(port: int) -> dict[str, str]:
    return {
        "bind": HOST,
        "port": str(port),
        "protected-mode": "yes",
        "daemonize": "no",
        "appendonly": "yes",
        "appendfsync": "always",
        "save": "",
        "maxmemory-policy": "noeviction",
    }


def _quoted(value: str) -> str:
    if value and all(c.isalnum() or c in ".-_:/" for c in value):
        return value
    if value and " " in value and all(c.isalnum() or c in " .-_:/" for c in value):
        return value  # a directive with several arguments, such as `save 60 1000`
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
