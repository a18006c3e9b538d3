"""A COPY of many rows with Connect killed in the middle: each row is in the sink once.

    .venv/bin/python tests/chaos/copied.py --rows 1000000 --kills 5 --seed 1

The exit code is 1 where a row is missing, unexpected, counted twice, or `reconcile --live` differs.

Real servers of its own in a new folder. The table has the trigger of docs/guides/cdc.md ("Rows that
come by COPY"); `--no-trigger` shows what Debezium makes of it without. One pipeline copies the rows
by key and counts them: what is lost is missing in the copy, what comes twice is counted twice.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psycopg

from tidemill.control.connectors import Connect, register, restart, status
from tidemill.control.demo.postgres import connect
from tidemill.control.down import down
from tidemill.control.reconcile.prove import Reconciled, reconcile
from tidemill.control.stack_status import stack_status
from tidemill.control.up import up
from tidemill.errors import TidemillError
from tidemill.project import load_project
from tidemill.services import running_endpoints
from tidemill.services.state import state_folder
from tidemill.services.supervisor import client
from tidemill.services.supervisor.status import ServerState

SERVERS = ("postgres", "kafka", "connect")
QUIET_MAX_S = 180.0
SETTLE_S = 10.0
TABLES = """
CREATE TABLE source (id bigint PRIMARY KEY, v text);
ALTER TABLE source REPLICA IDENTITY FULL;
CREATE TABLE copied (id bigint PRIMARY KEY, v text);
CREATE TABLE counted (k int PRIMARY KEY, n bigint, ids numeric);
"""
TRIGGER = """
CREATE FUNCTION one_by_one() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER one_by_one BEFORE INSERT ON source FOR EACH ROW EXECUTE FUNCTION one_by_one();
"""
SINK = """'connector' = 'jdbc', 'url' = '${server:postgres.jdbc-url}',
  'username' = '${server:postgres.user}', 'password' = '${secret:postgres.password}',"""
PIPELINE = f"""
CREATE TABLE source (id BIGINT, v STRING, PRIMARY KEY (id) NOT ENFORCED) WITH (
  'connector' = 'kafka', 'topic' = 'copy.public.source', 'format' = 'debezium-json',
  'properties.bootstrap.servers' = '${{server:kafka.bootstrap}}',
  'properties.isolation.level' = 'read_committed', 'scan.startup.mode' = 'earliest-offset'
);
CREATE TABLE copied (id BIGINT, v STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ({SINK}
  'table-name' = 'copied'
);
CREATE TABLE original (id BIGINT, v STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ({SINK}
  'table-name' = 'source'
);
CREATE TABLE counted (
  k INT, n BIGINT, ids DECIMAL(38, 0), PRIMARY KEY (k) NOT ENFORCED
) WITH ({SINK}
  'table-name' = 'counted'
);
EXECUTE STATEMENT SET BEGIN
INSERT INTO copied SELECT id, v FROM source;
INSERT INTO counted SELECT 1, COUNT(*), SUM(id) FROM source;
END;
"""
CONNECTOR = {
    "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
    "database.hostname": "${server:postgres.host}",
    "database.port": "${server:postgres.port}",
    "database.user": "${server:postgres.user}",
    "database.password": "${secret:postgres.password}",
    "database.dbname": "${server:postgres.database}",
    "topic.prefix": "copy",
    "table.include.list": "public.source",
    "plugin.name": "pgoutput",
    "slot.name": "copy",
    "publication.name": "copy",
    "publication.autocreate.mode": "filtered",
    "exactly.once.support": "required",
    "poll.interval.ms": "20",
    "max.batch.size": "20000",
    "max.queue.size": "80000",
    "key.converter": "org.apache.kafka.connect.json.JsonConverter",
    "key.converter.schemas.enable": "false",
    "value.converter": "org.apache.kafka.connect.json.JsonConverter",
    "value.converter.schemas.enable": "false",
}


class Run:
    """The servers, the pipeline and the COPY of one run."""

    def __init__(self, folder: Path, rows: int, *, trigger: bool) -> None:
        self.folder, self.rows = folder, rows
        (folder / "tidemill.yaml").write_text(
            "name: copy\npipelines: [copy.sql]\nservers:\n"
            "  {postgres: , kafka: , connect: {start_timeout_s: 300}}\n"
        )
        (folder / "copy.sql").write_text(PIPELINE)
        (folder / "copy.json").write_text(json.dumps({"name": "copy", "config": CONNECTOR}))
        self.state = folder / ".tidemill"
        self.up()
        self.endpoint = running_endpoints(self.state)["postgres"]
        self.postgres = connect(self.endpoint)
        self.postgres.autocommit = True
        self.postgres.execute(TABLES)
        if trigger:
            self.postgres.execute(TRIGGER)
        # Before the first change Debezium would take its snapshot again: a documented limit.
        self.postgres.execute("INSERT INTO source VALUES (0, 'first')")
        register(Connect(folder), folder / "copy.json")
        self.postgres.execute("INSERT INTO source VALUES (-1, 'change')")
        self.engine = subprocess.Popen(
            [sys.executable, "-m", "tidemill.cli", "run", "copy", "--every-s", "60"],
            cwd=folder, stdin=subprocess.DEVNULL,
            stdout=(folder / "engine.log").open("wb"), stderr=subprocess.STDOUT,
        )  # fmt: skip

    def up(self) -> None:
        """Start the servers, also those that the supervisor has given up."""
        given = load_project(self.folder).servers.given()
        up(self.state, SERVERS, given, tie_to_caller=True)

    def counted(self) -> int:
        """How many rows the pipeline has counted."""
        row = self.postgres.execute("SELECT n FROM counted").fetchone()
        return int(row[0]) if row else 0

    def copy(self) -> None:
        """One COPY, one transaction."""
        with connect(self.endpoint) as other, other.cursor() as cursor:
            with cursor.copy("COPY source FROM STDIN") as copy:
                for first in range(1, self.rows + 1, 1000):
                    last = min(first + 1000, self.rows + 1)
                    copy.write("".join(f"{i}\trow {i}\n" for i in range(first, last)))
            other.commit()

    def kill_connect(self) -> bool:
        """`kill -9`; its supervisor starts it again."""
        said = client.read_status(state_folder(self.state))
        server = stack_status(state_folder(self.state), said, alive=True).server("connect")
        if server is None or server.pid is None:
            return False
        os.kill(server.pid, signal.SIGKILL)
        return True

    def tend(self) -> None:
        """Restart a task that failed and a server that was given up, as a person would."""
        said = client.read_status(state_folder(self.state))
        if said is not None and any(
            server.state is ServerState.FAILED for server in said.servers.values()
        ):
            self.up()
        try:
            if status(Connect(self.folder), "copy").failure is not None:
                restart(Connect(self.folder), "copy")
        except TidemillError:
            return

    def reconciled(self) -> Reconciled:
        """The copy beside the table, at one place in the log."""
        found = reconcile("copy", self.folder, sinks=["copied"], against="original", live=True)
        (sink,) = found.sinks
        return sink

    def close(self) -> None:
        """End everything."""
        self.engine.kill()
        self.engine.wait()
        self.postgres.close()
        down(self.state)


def kills(run: Run, count: int, rng: random.Random) -> int:
    """Kill Connect each time that some more rows have come through; how often it was done."""
    total, done = run.rows + 2, 0
    marks = sorted(rng.uniform(0.02, 0.9) * total for _ in range(count))
    seen, moved_at = -1, time.monotonic()
    while run.counted() < total:
        now = run.counted()
        if marks and now >= marks[0] and run.kill_connect():
            marks.pop(0)
            done += 1
            print(f"killed Connect at {now:,} rows", flush=True)
        if now != seen:
            seen, moved_at = now, time.monotonic()
        if time.monotonic() - moved_at > QUIET_MAX_S:
            print(f"nothing has come for {QUIET_MAX_S:.0f} s", flush=True)
            return done
        run.tend()
        time.sleep(0.2)
    time.sleep(SETTLE_S)
    return done


def main() -> int:
    """Run it; 1 where a row is missing or counted twice."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-trigger", action="store_true")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="tidemill-copied-"))
    begun = time.monotonic()
    run = Run(folder, given.rows, trigger=not given.no_trigger)
    try:
        copying = threading.Thread(target=run.copy)
        copying.start()
        done = kills(run, given.kills, random.Random(given.seed))
        copying.join()
        missing, unexpected = _difference(run.postgres)
        counted = run.counted() - given.rows - 2
        at_lsn = run.reconciled()
    finally:
        run.close()
        shutil.rmtree(folder, ignore_errors=True)
    print(
        f"{given.rows:,} rows by one COPY, Connect killed {done} times, "
        f"{time.monotonic() - begun:.0f} s: {missing} missing, {unexpected} unexpected, "
        f"{counted:+d} counted; reconcile at {at_lsn.lsn}: {at_lsn.found.rows:,} rows, "
        f"{'equal' if at_lsn.agrees else 'different'}"
    )
    wrong = missing or unexpected or counted or not at_lsn.agrees or (given.kills and not done)
    return 1 if wrong else 0


def _difference(postgres: psycopg.Connection) -> tuple[int, int]:
    one = "SELECT count(*) FROM ((SELECT * FROM {}) EXCEPT (SELECT * FROM {})) d"
    found = []
    for left, right in (("source", "copied"), ("copied", "source")):
        row = postgres.execute(one.format(left, right).encode()).fetchone()
        found.append(int(row[0]) if row else -1)
    return found[0], found[1]


if __name__ == "__main__":
    sys.exit(main())
