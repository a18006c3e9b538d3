"""A real Prometheus, started by `tidemill up`, over the real console: the rules fire."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.conftest import assert_login_is_asked, login_headers

from tidemill.control.pipeline_processes import start_pipeline
from tidemill.control.pipeline_states import pipeline_state
from tidemill.control.project_context import open_project
from tidemill.interfaces.service import Endpoint
from tidemill.services import running_endpoints

WAIT_S = 90.0
ROWS = 20_000
SQL = """
CREATE TABLE orders (id BIGINT) WITH ('connector' = 'kafka', 'topic' = '{topic}',
  'properties.bootstrap.servers' = '${{server:kafka.bootstrap}}', 'format' = 'json',
  'properties.group.id' = '{topic}', 'scan.startup.mode' = 'earliest-offset');
CREATE FUNCTION slow AS 'slow.slow' LANGUAGE PYTHON;
CREATE TABLE seen (id BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO seen SELECT slow(id) FROM orders;
"""
SLOW = """
import time

from tidemill.functions import udf

@udf(result_type="BIGINT")
def slow(n: int):
    time.sleep(0.005)
    return n
"""


class Watched:
    """A project with a console and a Prometheus."""

    def __init__(self, folder: Path, server: Endpoint) -> None:
        self.folder, self.server = folder, server
        self._url = server.properties["url"]
        self._login = login_headers(server)
        assert self._login

    def ask(self, path: str, **query: str) -> Any:
        text = urllib.parse.urlencode(query)
        asked = urllib.request.Request(f"{self._url}/api/v1/{path}?{text}", headers=self._login)
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return json.load(answer)["data"]

    def value(self, expr: str) -> float | None:
        found = self.ask("query", query=expr)["result"]
        return float(found[0]["value"][1]) if found else None

    def firing(self) -> dict[str, dict[str, str]]:
        alerts = self.ask("alerts")["alerts"]
        return {one["labels"]["alertname"]: one["labels"] for one in alerts
                if one["state"] == "firing"}  # fmt: skip

    def until(self, what: str, holds: Callable[[], bool]) -> None:
        limit = time.monotonic() + WAIT_S
        while not holds():
            assert time.monotonic() < limit, f"{what}; firing: {self.firing()}"
            time.sleep(0.3)


def tidemill(folder: Path, *words: str, stdin: str = "") -> None:
    command = [sys.executable, "-m", "tidemill.cli", *words, "-C", str(folder)]
    subprocess.run(command, input=stdin, text=True, check=True, capture_output=True)


@pytest.fixture
def watched(
    kafka_endpoint, postgres_endpoint, tmp_path: Path, unique_name, monkeypatch
) -> Iterator[Watched]:
    topic = unique_name("watched")
    monkeypatch.setenv("POSTGRES_PASSWORD", postgres_endpoint.secrets["password"])
    found = postgres_endpoint.properties
    port = next(iter(postgres_endpoint.ports.values()))
    (tmp_path / "tidemill.yaml").write_text(
        "name: watched\npipelines: [slow.sql]\nobserve: {slot_wal_budget_mb: 1}\n"
        "servers: {prometheus: {properties: {scrape_interval_s: 1, alert_lag_s: 1}}}\n"
        "connections:\n"
        f"  kafka: {{bootstrap: '{kafka_endpoint.properties['bootstrap.servers']}'}}\n"
        f"  postgres: {{host: {postgres_endpoint.host}, user: {found['user']}, port: {port},\n"
        f"    database: {found['database']}, password: '${{env:POSTGRES_PASSWORD}}'}}\n"
    )
    (tmp_path / "slow.sql").write_text(SQL.format(topic=topic))
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "slow.py").write_text(SLOW)
    tidemill(tmp_path, "topic", "create", topic)
    console = subprocess.Popen(
        [sys.executable, "-m", "tidemill.cli", "console", "--port", "0", "--json", "-C",
         str(tmp_path)], stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        tidemill(tmp_path, "up")
        assert console.stdout is not None and console.stdout.readline()
        yield Watched(tmp_path, running_endpoints(tmp_path / ".tidemill")["prometheus"])
    finally:
        console.terminate()
        console.wait(30)
        console.stdout.close()
        state = pipeline_state(open_project(tmp_path), "slow")
        if state.pid is not None:
            os.kill(state.pid, signal.SIGKILL)
        tidemill(tmp_path, "down")
        tidemill(tmp_path, "topic", "delete", topic, "--yes")


@pytest.fixture
def slot(postgres_endpoint, unique_name) -> Iterator[str]:
    """A slot that nobody reads, with more WAL behind it than its budget."""
    name = unique_name("slot")
    with psycopg.connect(
        host=postgres_endpoint.host, port=next(iter(postgres_endpoint.ports.values())),
        user=postgres_endpoint.properties["user"], autocommit=True,
        password=postgres_endpoint.secrets["password"],
        dbname=postgres_endpoint.properties["database"],
    ) as server:  # fmt: skip
        server.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", [name])
        server.execute("SELECT pg_logical_emit_message(false, 'x', repeat('a', 3000000))")
        server.execute("SELECT pg_switch_wal()")
        yield name
        server.execute("SELECT pg_drop_replication_slot(%s)", [name])


@pytest.mark.servers
def test_a_lag_that_grows_a_killed_engine_and_a_full_slot_are_told(watched: Watched, slot: str):
    for path in ("/", "/-/ready", "/api/v1/query?query=up"):
        assert_login_is_asked(watched.server, path)
    watched.until("the console is scraped", lambda: watched.value('up{job="tidemill"}') == 1)
    over = f'tidemill_postgres_slot_wal_bytes{{slot="{slot}"}}'
    watched.until("the slot is seen", lambda: (watched.value(over) or 0) > 1 << 20)
    assert "TidemillLagGrowing" not in watched.firing()
    assert "TidemillPipelineKilled" not in watched.firing()

    state = start_pipeline("slow", watched.folder)
    topic = state.graph()["nodes"][0]["place"]
    tidemill(watched.folder, "topic", "write", topic, "--json", stdin='{"value": {"id": 0}}')
    for name in ("tidemill_processing_duration_seconds", "tidemill_end_to_end_latency_seconds"):
        count = f'{name}_count{{pipeline="slow"}}'
        watched.until(name, lambda count=count: watched.value(count) is not None)
    lines = "\n".join(json.dumps({"value": {"id": n}}) for n in range(1, ROWS))
    tidemill(watched.folder, "topic", "write", topic, "--json", stdin=lines)
    watched.until("lag grows", lambda: "TidemillLagGrowing" in watched.firing())
    assert watched.firing()["TidemillLagGrowing"]["table"].endswith("orders")
    end = f'tidemill_kafka_topic_end_offset_total{{topic="{topic}"}}'
    watched.until("the topic's end is seen", lambda: watched.value(end) == ROWS)

    assert state.pid is not None
    os.kill(state.pid, signal.SIGKILL)
    watched.until("the kill is told", lambda: "TidemillPipelineKilled" in watched.firing())
    assert watched.firing()["TidemillPipelineKilled"]["pipeline"] == "slow"
    watched.until("the slot is told", lambda: "TidemillSlotOverBudget" in watched.firing())
    assert "TidemillNotSeen" not in watched.firing()
