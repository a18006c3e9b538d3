"""A stage for chaos: the taxi example in a folder of its own, whose parts can be killed.

Servers run under the product's own supervisor, which restarts what dies; the engine is a process of
`tidemill run` that the stage starts again, as an init system would.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tidemill.control.connectors import Connect, register, restart, status
from tidemill.control.demo.folder import copy_example, find_example
from tidemill.control.demo.nyc_taxi.load import Loader
from tidemill.control.demo.nyc_taxi.parts import plan_generated, trips_of_part
from tidemill.control.demo.nyc_taxi.tables import CLEAN, WINDOWS, create_tables, create_topics
from tidemill.control.demo.nyc_taxi.verify import Outputs, Verification, verify
from tidemill.control.demo.postgres import Asker, connect
from tidemill.control.down import down
from tidemill.control.stack_status import stack_status
from tidemill.control.topics import Cluster, read_topic
from tidemill.control.up import up
from tidemill.errors import TidemillError
from tidemill.project import load_project
from tidemill.services import running_endpoints
from tidemill.services.state import state_folder
from tidemill.services.supervisor import client
from tidemill.services.supervisor.status import ServerState

SEED = 2026
SERVERS = ("postgres", "kafka", "connect")
CONNECTOR = "nyc-taxi-cdc"
QUIET_MAX_S = 180.0


@dataclass
class Stage:
    """The servers, the engine's process and the loader of one run."""

    folder: Path
    rows: int
    rate: int | None
    engine: subprocess.Popen[bytes] | None = None
    engine_starts: int = 0
    engine_own_ends: list[int] = field(default_factory=list)
    connector_restarts: int = 0
    servers_given_up: int = 0

    def __post_init__(self) -> None:
        copy_example(find_example("nyc_taxi"), self.folder)
        self.state_dir = load_project(self.folder).state_dir
        up(self.state_dir, SERVERS, tie_to_caller=True)
        self.postgres = running_endpoints(self.state_dir)["postgres"]
        with connect(self.postgres) as connection:
            create_tables(connection, self.folder)
            part = plan_generated(connection, self.rows, SEED)
        create_topics(self.folder)
        register(Connect(self.folder), self.folder / "connectors" / "postgresql-cdc.json")
        self.asker = Asker(self.postgres)
        active = b"SELECT active FROM pg_replication_slots WHERE slot_name = 'nyc_taxi'"
        while not self.asker.one(active):
            time.sleep(0.1)
        assert part is not None
        trips = trips_of_part(part, SEED, self.folder / "data")
        self.loader = Loader(self.postgres, part, trips, rate=self.rate)

    def start_engine(self) -> None:
        """Start `tidemill run`, its talk going to engine.log."""
        self.engine_starts += 1
        with (self.folder / "engine.log").open("ab") as log:
            self.engine = subprocess.Popen(
                [sys.executable, "-m", "tidemill.cli", "run", "nyc_taxi"],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def wait_for_first_change(self) -> None:
        """Wait until the first change stands in its topic, and the connector's offset with it.

        Before that Debezium takes its snapshot again after a kill, and a row that is inserted
        meanwhile can come with the snapshot and as a change: a limit that the docs state.
        """
        cluster = Cluster(self.folder)
        while next(read_topic(cluster, "nyc_taxi.public.nyc_taxi", offset=0), None) is None:
            time.sleep(0.1)

    def kill(self, target: str) -> bool:
        """`kill -9` the engine or a server; False where it was not there to be killed."""
        if target == "engine":
            if self.engine is None or self.engine.poll() is not None:
                return False
            self.engine.kill()
            self.engine.wait()
            self.start_engine()
            return True
        folder = state_folder(self.state_dir)
        said = client.read_status(folder)
        server = stack_status(folder, said, alive=True).server(target)
        if server is None or server.pid is None:
            return False
        try:
            os.kill(server.pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def tend(self) -> None:
        """Do what a person would: start what ended by itself, failed, or was given up.

        The supervisor gives a server up that dies more than six times in five minutes.
        """
        said = client.read_status(state_folder(self.state_dir))
        if said is not None and any(
            server.state is ServerState.FAILED for server in said.servers.values()
        ):
            self.servers_given_up += 1
            up(self.state_dir, SERVERS, tie_to_caller=True)
        if self.engine is not None and self.engine.poll() is not None:
            self.engine_own_ends.append(self.engine.returncode)
            self.start_engine()
        try:
            if status(Connect(self.folder), CONNECTOR).failure is not None:
                self.connector_restarts += 1
                restart(Connect(self.folder), CONNECTOR)
        except TidemillError:
            # Connect is being restarted.
            return

    def wait_until_through(self) -> None:
        """Wait until every clean row stands in its topic and every finished window in Postgres."""
        self.loader.wait()
        assert self.loader.error is None, self.loader.error.render()
        with connect(self.postgres) as connection:
            psycopg.ClientCursor(connection).execute(self._script.read_bytes(), self._variables)
            (clean,) = connection.execute(
                "SELECT count(*) FROM row_fate WHERE fate <> 'filtered'"
            ).fetchone() or (0,)
            (windows,) = connection.execute("SELECT count(*) FROM expected_window").fetchone() or (
                0,
            )
            connection.rollback()
        seen, moved_at = (-1, -1), time.monotonic()
        while True:
            now = (self._clean_count(), int(self.asker.one(b"SELECT count(*) FROM zone_window")))
            if now[0] >= clean and now[1] >= windows:
                return
            if now != seen:
                seen, moved_at = now, time.monotonic()
            if time.monotonic() - moved_at > QUIET_MAX_S:
                raise AssertionError(
                    f"stuck at {now[0]} of {clean} rows and {now[1]} of {windows} windows; "
                    f"see {self.folder}/engine.log and .tidemill/logs"
                )
            self.tend()
            time.sleep(1.0)

    def stop_engine(self) -> int:
        """End the engine as a person would (SIGINT); its exit code."""
        if self.engine is None:
            return 0
        if self.engine.poll() is None:
            self.engine.send_signal(signal.SIGINT)
        return self.engine.wait(60)

    def verification(self) -> Verification:
        """The outputs against SQL over the table."""
        with connect(self.postgres) as connection:
            outputs = Outputs(self._values(CLEAN), self._values(WINDOWS))
            return verify(connection, self._script, self._variables, outputs, None)

    def digests(self) -> dict[str, str]:
        """One hash for each output, whatever the order of its rows."""
        with connect(self.postgres) as connection:
            rows = connection.execute(
                "SELECT row(window_start, window_end, zone_id, trips, passengers, revenue,"
                " round(avg_distance::numeric, 9))::text FROM zone_window"
            ).fetchall()
        return {
            "Postgres zone_window": _digest(row[0].encode() for row in rows),
            CLEAN: _digest(self._values(CLEAN)),
        }

    def close(self) -> None:
        """End everything."""
        self.loader.stop()
        self.asker.close()
        if self.engine is not None and self.engine.poll() is None:
            self.engine.kill()
            self.engine.wait()
        down(self.state_dir)

    @property
    def _script(self) -> Path:
        return self.folder / "sql" / "verify.sql"

    @property
    def _variables(self) -> dict[str, str]:
        return {k: str(v) for k, v in load_project(self.folder).settings.variables.items()}

    def _clean_count(self) -> int:
        try:
            return sum(1 for _ in self._values(CLEAN))
        except TidemillError:
            # Kafka is being restarted.
            return -1

    def _values(self, topic: str) -> Iterator[bytes]:
        for record in read_topic(Cluster(self.folder), topic):
            if record.value is not None:
                yield record.value


def _digest(values: Iterator[bytes]) -> str:
    return hashlib.sha256(b"\n".join(sorted(values))).hexdigest()


@contextmanager
def stage(folder: Path, rows: int, rate: int | None) -> Iterator[Stage]:
    """A stage that is taken down at the end, whatever happens."""
    made = None
    try:
        made = Stage(folder, rows, rate)
        yield made
    finally:
        if made is not None:
            made.close()
        else:
            down(folder / ".tidemill")
