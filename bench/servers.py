"""The servers of a measurement: a broker, and Postgres where a task looks something up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from tidemill.control.down import down
from tidemill.control.up import up
from tidemill.services import running_endpoints


@dataclass(frozen=True, slots=True)
class Servers:
    """How to reach them; the password is that of this measurement's own database."""

    bootstrap: str
    jdbc_url: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    broker_pid: int | None = None

    def broker_cpu_s(self) -> float:
        """CPU-seconds of the broker since it was started; 0 where it is not ours to ask."""
        if self.broker_pid is None:
            return 0.0
        times = psutil.Process(self.broker_pid).cpu_times()
        return float(times.user + times.system)

    def connect(self) -> psycopg.Connection:
        """A connection to the database."""
        url = self.jdbc_url.removeprefix("jdbc:")
        return psycopg.connect(url, user=self.user, password=self.password, autocommit=True)


@contextmanager
def running(folder: Path, *, postgres: bool = False) -> Iterator[Servers]:
    """Servers of their own for the measurement, ended afterwards."""
    state = folder / "servers"
    up(state, ["kafka", *(["postgres"] if postgres else [])], tie_to_caller=True)
    try:
        yield reached(state)
    finally:
        down(state)


def reached(state: Path) -> Servers:
    """The servers that run in a state folder."""
    found = running_endpoints(state)
    bootstrap = found["kafka"].properties["bootstrap.servers"]
    status = json.loads((state / "status.json").read_text(encoding="utf-8"))
    broker_pid = int(status["servers"]["kafka"]["process"]["pid"])
    if (database := found.get("postgres")) is None:
        return Servers(bootstrap, broker_pid=broker_pid)
    given = database.properties
    port = next(iter(database.ports.values()))
    url = f"jdbc:postgresql://{database.host}:{port}/{given['database']}"
    return Servers(bootstrap, url, given["user"], database.secrets["password"], broker_pid)
