"""Connectors through the API, on a real worker with Debezium: validate, edit, the slot's WAL."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from starlette.testclient import TestClient
from tests.conftest import login_headers

from tidemill.connectors.jdbc.server_stats import SlotState
from tidemill.console.app import guarded_app
from tidemill.console.hub import Hub
from tidemill.console.parts.gauge import slot_gauge
from tidemill.console.security.guard import Gate
from tidemill.console.security.sessions import Sessions
from tidemill.control.connect_client import ConnectClient
from tidemill.control.slots import Slot

TOKEN = "operator-token-of-the-test"


@pytest.fixture
def client(
    connect_endpoint, postgres_endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> TestClient:
    monkeypatch.setenv("POSTGRES_PASSWORD", postgres_endpoint.secrets["password"])
    monkeypatch.setenv("CONNECT_PASSWORD", connect_endpoint.secrets.get("password", ""))
    found = postgres_endpoint.properties
    port = next(iter(postgres_endpoint.ports.values()))
    (tmp_path / "tidemill.yaml").write_text(
        "name: shop\nobserve: {slot_wal_budget_mb: 1}\nconnections:\n"
        f"  connect: {{url: '{connect_endpoint.properties['url']}', user: tidemill,\n"
        "    password: '${env:CONNECT_PASSWORD}'}\n"
        f"  postgres: {{host: {postgres_endpoint.host}, user: {found['user']},\n"
        f"    port: {port}, database: {found['database']},\n"
        "    password: '${env:POSTGRES_PASSWORD}'}\n"
    )
    sessions = Sessions()
    sessions.allow(TOKEN, "operator")
    hub = Hub(tmp_path, Gate(sessions, frozenset({"localhost"}), 8642))
    return TestClient(
        guarded_app(hub, pages=False), base_url="http://localhost:8642",
        headers={"authorization": f"Bearer {TOKEN}"},
    )  # fmt: skip


@pytest.fixture
def connector(connect_endpoint, postgres_endpoint, unique_name) -> Iterator[str]:
    """A connector that captures one table; its slot is dropped behind it."""
    name = unique_name("console")
    login = {
        "host": postgres_endpoint.host, "port": next(iter(postgres_endpoint.ports.values())),
        "user": postgres_endpoint.properties["user"],
        "password": postgres_endpoint.secrets["password"],
    }  # fmt: skip
    url = connect_endpoint.properties["url"]
    worker = ConnectClient(url, headers=login_headers(connect_endpoint))
    database = postgres_endpoint.properties["database"]
    with psycopg.connect(**login, dbname=database, autocommit=True) as server:
        server.execute(f"CREATE TABLE {name} (id INT PRIMARY KEY)")
        worker.put(name, {
            "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
            "tasks.max": "1", "database.hostname": login["host"],
            "database.port": str(login["port"]), "database.user": login["user"],
            "database.password": login["password"], "database.dbname": database,
            "topic.prefix": name, "table.include.list": f"public.{name}",
            "plugin.name": "pgoutput", "slot.name": name, "publication.name": name,
            "publication.autocreate.mode": "filtered", "snapshot.mode": "no_data",
        })  # fmt: skip
        worker.wait(name, lambda status: status.running, 60)
        yield name
        worker.delete(name)
        for _ in range(100):
            active = server.execute(
                "SELECT active FROM pg_replication_slots WHERE slot_name = %s", [name]
            ).fetchone()
            if active is None or not active[0]:
                break
            server.execute("SELECT pg_sleep(0.1)")
        server.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "
            "WHERE slot_name = %s", [name],
        )  # fmt: skip
        server.execute(f"DROP PUBLICATION IF EXISTS {name}")
        server.execute(f"DROP TABLE {name}")


@pytest.mark.servers
def test_a_connector_is_watched_checked_and_edited(client, connector, postgres_endpoint):
    url = f"/api/v1/connectors/{connector}"
    found = client.get(url).json()
    assert found["tasks"][0]["state"] == "RUNNING"
    password = postgres_endpoint.secrets["password"]
    assert password not in client.get(url).text
    # The slot is there once the task streams.
    for _ in range(100):
        found = client.get(url).json()
        if found["slot"] is not None:
            break
        time.sleep(0.1)
    assert found["slot"]["name"] == connector
    assert found["slot"]["budget_bytes"] >= 1 << 20 and found["slot"]["retained_bytes"] >= 0

    config = found["config"]
    wrong = {**config, "table.include.list": "[", "tasks.max": "none"}
    said = client.post(f"{url}/validate", json={"config": wrong}).json()["errors"]
    assert {one["option"] for one in said} >= {"tasks.max"}
    assert client.post(f"{url}/validate", json={"config": config}).json()["errors"] == []
    refused = client.put(f"{url}/config", json={"config": wrong})
    assert refused.status_code == 400 and password not in refused.text
    changed = client.put(
        f"{url}/config", json={"config": {**config, "heartbeat.interval.ms": "5000"}}
    )
    assert changed.status_code == 200, changed.text
    assert changed.json()["config"]["heartbeat.interval.ms"] == "5000"
    assert changed.json()["config"]["database.password"] == config["database.password"]
    # The masked password still stands for the real one: the task comes up with it.
    restarted = client.post(f"{url}/restart")
    assert restarted.status_code == 200, restarted.text

    runs = f'tidemill_connector_task_state{{connector="{connector}",task="0",state="RUNNING"}} 1'
    for _ in range(100):
        metrics = client.get("/metrics").text
        if runs in metrics:
            break
        time.sleep(0.1)
    assert runs in metrics
    assert f'tidemill_postgres_slot_wal_bytes{{slot="{connector}"}}' in metrics
    assert 'tidemill_server_query_success{server="postgres"} 1' in metrics
    assert "tidemill_postgres_database_bytes" in metrics


def test_a_gauge_says_what_to_do():
    def drawn(**over: object) -> str:
        facts = {"name": "<s>", "plugin": "pgoutput", "database": "d", "active": False,
                 "wal_status": "reserved", "retained_bytes": 3 << 20, "behind_bytes": 10,
                 "limit_bytes": None, **over}  # fmt: skip
        return slot_gauge(Slot(SlotState(**facts), 2 << 20))

    assert "over its budget" in drawn() and "nobody reads it" in drawn()
    assert 'value="1.000"' in drawn() and "<s>" not in drawn()
    assert "over its budget" not in drawn(retained_bytes=10)
    assert "new snapshot" in drawn(wal_status="lost")
