"""Servers that go away in the middle of a run and come back: the run goes on, exactly once."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pipeline_flow import Flow, Postgres, jsons, wait_for
from psycopg import sql

from tidemill.control.connectors import Connect, register
from tidemill.engine import Engine
from tidemill.services.state import state_folder
from tidemill.services.supervisor import client
from tidemill.services.supervisor.status import ServerState

pytestmark = pytest.mark.servers


class Servers:
    """Servers of this file's own, which it may kill; the supervisor starts them again."""

    def __init__(self, stack: Any, root: Path) -> None:
        self.root = root
        self.stack = type(stack)(root / ".tidemill")
        self.folder = state_folder(self.stack.state_dir)

    def kill(self, name: str) -> None:
        """`kill -9` of a server by its process's id, and wait until it is back."""
        said = client.read_status(self.folder)
        assert said is not None
        before = said.servers[name]
        assert before.process is not None
        os.kill(before.process.pid, signal.SIGKILL)

        def back() -> bool:
            now = client.read_status(self.folder)
            server = now.servers[name] if now else None
            return (
                server is not None
                and server.state is ServerState.READY
                and server.restarts > before.restarts
            )

        wait_for(back, 60)


@pytest.fixture(scope="module")
def servers(stack: Any) -> Iterator[Servers]:
    root = Path(tempfile.mkdtemp(prefix="tidemill-own-"))
    (root / "tidemill.yaml").write_text("name: own\nservers: {postgres: , kafka: , connect: }\n")
    own = Servers(stack, root)
    try:
        own.stack.endpoint("kafka")
        yield own
    finally:
        own.stack.stop()
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def own_flow(servers: Servers, unique_name: Any) -> Flow:
    bootstrap = servers.stack.endpoint("kafka").properties["bootstrap.servers"]
    return Flow(servers.root, unique_name("p"), bootstrap)


def test_a_broker_that_is_killed_in_the_middle_of_an_epoch(
    servers: Servers, own_flow: Flow
) -> None:
    flow = own_flow
    columns = "id BIGINT, v STRING"
    topic, out = flow.topic("in"), f"{flow.name}-out"
    flow.write(
        flow.kafka("s", columns, topic),
        flow.kafka("o", columns, out),
        "INSERT INTO o SELECT id, v FROM s;",
    )

    def rows(first: int, count: int) -> list[str]:
        return jsons([{"id": i, "v": "x" * 500} for i in range(first, first + count)])

    def act(engine: Engine) -> None:
        flow.send(topic, rows(0, 1000))
        wait_for(lambda: engine.progress().rows_out > 0)
        flow.send(topic, [*rows(1000, 30_000), "bad"])
        servers.kill("kafka")
        flow.send(topic, rows(31_000, 1000))
        wait_for(lambda: flow.count(out) >= 32_000, 60)
        assert engine.progress().restarts <= 2

    progress = flow.watched(act)
    assert progress.state == "stopped"
    assert (progress.records, progress.rows_out, progress.dead_letters) == (32_001, 32_000, 1)
    assert [row["id"] for row in flow.rows(out)] == list(range(32_000))
    assert [letter["value"] for letter in flow.letters()] == [b"bad"]


def connector(table: str, name: str) -> str:
    """A Debezium connector as a project's file has it."""
    config = {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "database.hostname": "${server:postgres.host}",
        "database.port": "${server:postgres.port}",
        "database.user": "${server:postgres.user}",
        "database.password": "${secret:postgres.password}",
        "database.dbname": "${server:postgres.database}",
        "topic.prefix": name,
        "table.include.list": f"public.{table}",
        "plugin.name": "pgoutput",
        "slot.name": name,
        "publication.name": name,
        "publication.autocreate.mode": "filtered",
        "retriable.restart.connector.wait.ms": "500",
        "poll.interval.ms": "20",
        "key.converter": "org.apache.kafka.connect.json.JsonConverter",
        "key.converter.schemas.enable": "false",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enable": "false",
    }
    return json.dumps({"name": name, "config": config})


def connected(servers: Servers) -> psycopg.Connection[Any]:
    """A connection, as soon as Postgres takes one."""
    endpoint = servers.stack.endpoint("postgres")
    for _ in range(100):
        try:
            return psycopg.connect(
                host=endpoint.host,
                port=endpoint.ports["sql"],
                user=endpoint.properties["user"],
                dbname=endpoint.properties["database"],
                password=endpoint.secrets["password"],
                autocommit=True,
            )
        except psycopg.OperationalError:
            time.sleep(0.2)
    raise AssertionError("Postgres takes no connections")


def test_postgres_killed_under_the_connector_and_under_the_sink(
    servers: Servers, own_flow: Flow, unique_name: Any
) -> None:
    flow, table = own_flow, unique_name("src")
    name = f"c{table[-12:]}"
    endpoint = servers.stack.endpoint("postgres")
    servers.stack.endpoint("connect")
    source, columns = sql.Identifier(table), "id BIGINT, v STRING"
    insert = sql.SQL("INSERT INTO {} SELECT i, 'v' || i FROM generate_series({}, {}) i")
    keyed = columns + ", PRIMARY KEY (id) NOT ENFORCED"
    with connected(servers) as connection:
        connection.execute(
            sql.SQL("CREATE TABLE {} (id BIGINT PRIMARY KEY, v TEXT)").format(source)
        )
        connection.execute(sql.SQL("ALTER TABLE {} REPLICA IDENTITY FULL").format(source))
        connection.execute(insert.format(source, sql.Literal(1), sql.Literal(100)))
        target = Postgres(endpoint, connection, unique_name("t"))
        target.create("id BIGINT PRIMARY KEY, v TEXT")
    file = servers.root / f"{name}.json"
    file.write_text(connector(table, name))
    register(Connect(servers.root), file)
    flow.write(
        flow.kafka("s", keyed, f"{name}.public.{table}", format="debezium-json"),
        target.jdbc("o", keyed),
        "INSERT INTO o SELECT id, v FROM s;",
    )

    def act(_engine: Engine) -> None:
        with connected(servers) as here:
            reader = Postgres(endpoint, here, target.table)
            wait_for(lambda: len(reader.rows()) == 100)
        servers.kill("postgres")
        with connected(servers) as here:
            here.execute(insert.format(source, sql.Literal(101), sql.Literal(200)))
            here.execute(sql.SQL("UPDATE {} SET v = 'new' WHERE id % 10 = 0").format(source))
            here.execute(sql.SQL("DELETE FROM {} WHERE id % 20 = 1").format(source))
            reader = Postgres(endpoint, here, target.table)
            original = Postgres(endpoint, here, table)
            wait_for(lambda: reader.rows() == original.rows(), 60)

    wait_for(lambda: f"{name}.public.{table}" in {t.name for t in flow.admin.topics()})
    progress = flow.watched(act, row_per_record=False)
    assert progress.state == "stopped"
    assert progress.dead_letters == 0
    with connected(servers) as here:
        rows = Postgres(endpoint, here, target.table).rows()
    assert len(rows) == 190
    assert {row[1] for row in rows if row[0] % 10 == 0} == {"new"}
