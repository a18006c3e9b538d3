"""The real servers of a chaos run, each behind a relay of ours, under the product's supervisor.

Guarantees: what dies is started again, also after the supervisor gave it up; all ends with this
process.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import psycopg

from tidemill.connectors.kafka.admin import KafkaAdmin
from tidemill.control.chaos.relay import HOST, Relay
from tidemill.control.down import down
from tidemill.control.stack_status import stack_status
from tidemill.control.up import Progress, up
from tidemill.errors import ServiceError
from tidemill.interfaces.service import Endpoint
from tidemill.services import running_endpoints
from tidemill.services.ports import free_port
from tidemill.services.state import state_folder
from tidemill.services.supervisor import client
from tidemill.services.supervisor.status import ServerState

NAMES = ("kafka", "postgres")
CDC_NAMES = ("kafka", "postgres", "connect", "redis")
_DIRECT = ("connect",)
"""Reached by its REST interface only: what it reads and writes goes through the others' relays."""


class ChaosServers:
    """Kafka, Postgres, and what else a pipeline needs; and how they are hurt."""

    def __init__(
        self,
        state_dir: Path,
        progress: Progress,
        trials: int = 0,
        names: Sequence[str] = NAMES,
    ) -> None:
        self.state_dir, self.names = state_dir, tuple(names)
        self.kills = self.given_up = 0
        self.trials = trials
        """How many trials were made on them: each has topics and a table of its own."""
        ports: dict[str, int] = {}
        for name in names:
            ports[name] = free_port(ports.values())
        self.relays = {name: Relay(port) for name, port in ports.items() if name not in _DIRECT}
        self._settings: dict[str, dict[str, Any]] = {
            name: {"port": port, "start_timeout_s": 300} for name, port in ports.items()
        }
        self._settings["kafka"]["advertised_port"] = self.relays["kafka"].port
        try:
            up(state_dir, self.names, self._settings, progress, tie_to_caller=True)
        except BaseException:
            self.close()
            raise

    @property
    def admin(self) -> KafkaAdmin:
        """A client of Kafka, through the relay as all clients."""
        return KafkaAdmin({"bootstrap.servers": self.bootstrap})

    @property
    def bootstrap(self) -> str:
        """Where Kafka is reached."""
        return f"{HOST}:{self.relays['kafka'].port}"

    @property
    def postgres(self) -> Endpoint:
        """Postgres itself, not through the relay."""
        return self.endpoint("postgres")

    def endpoint(self, name: str) -> Endpoint:
        """A server itself, not through the relay."""
        return running_endpoints(self.state_dir)[name]

    def connections(self, password_file: str) -> dict[str, dict[str, str | int]]:
        """What `tidemill.yaml` says of them: pipelines come through the relays."""
        found = self.postgres
        return {
            "kafka": {"bootstrap.servers": self.bootstrap},
            "postgres": {
                "host": HOST,
                "port": self.relays["postgres"].port,
                "user": found.properties["user"],
                "database": found.properties["database"],
                "password": "${file:" + password_file + "}",
            },
        }

    def sql(self) -> psycopg.Connection[Any]:
        """A connection to Postgres itself."""
        found = self.postgres
        return psycopg.connect(
            host=found.host, port=found.ports["sql"], user=found.properties["user"],
            dbname=found.properties["database"], password=found.secrets["password"],
            options="-c timezone=UTC", connect_timeout=10, autocommit=True,
        )  # fmt: skip

    def pid(self, name: str) -> int | None:
        """The process of a server; None while it is away."""
        folder = state_folder(self.state_dir)
        server = stack_status(folder, client.read_status(folder), alive=True).server(name)
        return None if server is None else server.pid

    def kill(self, name: str) -> bool:
        """`kill -9` a server; False where it was not there."""
        pid = self.pid(name)
        if pid is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self.kills += 1
            return True
        return False

    @contextlib.contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """SIGSTOP a server with all its processes, SIGCONT at the end."""
        pid = self.pid(name)
        family: list[psutil.Process] = []
        with contextlib.suppress(psutil.Error):
            if pid is not None:
                leader = psutil.Process(pid)
                family = [leader, *leader.children(recursive=True)]
        _each(family, signal.SIGSTOP)
        try:
            yield
        finally:
            _each(family, signal.SIGCONT)

    def tend(self) -> None:
        """Start again what the supervisor gave up, as it does after six deaths in five minutes.

        A server that is killed once more while it starts is one for the next call.
        """
        said = client.read_status(state_folder(self.state_dir))
        if said is not None and any(s.state is ServerState.FAILED for s in said.servers.values()):
            self.given_up += 1
            try:
                up(self.state_dir, self.names, self._settings, tie_to_caller=True)
            except ServiceError as error:
                if error.code != "service.died":
                    raise

    def wait_ready(self, limit_s: float = 120.0) -> bool:
        """Wait until all are ready; whether they are."""
        limit = time.monotonic() + limit_s
        while time.monotonic() < limit:
            self.tend()
            folder = state_folder(self.state_dir)
            if stack_status(folder, client.read_status(folder), alive=True).healthy:
                return True
            time.sleep(0.1)
        return False

    def close(self) -> None:
        """End everything."""
        down(self.state_dir)
        for relay in self.relays.values():
            relay.close()


def _each(family: list[psutil.Process], number: int) -> None:
    for process in family:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)
