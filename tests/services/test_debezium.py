"""The chain of real servers: a row in Postgres becomes a change in Kafka, in JSON or in Avro."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from confluent_kafka import Consumer
from psycopg import sql
from tests.conftest import login_headers

from tidemill.control.cdc.guard import guard
from tidemill.control.connectors import Connect, register
from tidemill.formats import FORMATS
from tidemill.interfaces.service import Endpoint
from tidemill.model import Column, RowKind, Schema
from tidemill.model.types import INT, STRING
from tidemill.project import load_project

ROOT = Path(__file__).parents[2]
DDL = ROOT / "examples" / "nyc_taxi" / "sql" / "create_table.sql"
TRIPS = Schema((Column("id", INT), Column("fare", STRING), Column("tip", INT)))


@pytest.mark.servers
def test_a_row_becomes_a_change_and_the_connector_holds_no_password(
    stack, postgres_endpoint, kafka_endpoint, connect_endpoint, unique_name
) -> None:
    table, prefix = unique_name("trips"), unique_name("cdc")
    secrets = stack.state_dir / "servers" / "postgres" / "secrets.properties"
    with connect(postgres_endpoint) as connection:
        name = sql.Identifier(table)
        connection.execute(sql.SQL("CREATE TABLE {} (id int PRIMARY KEY, fare text)").format(name))
        connection.execute(sql.SQL("INSERT INTO {} VALUES (1, 'before')").format(name))
        connector = settings(postgres_endpoint, secrets, prefix, f"public.{table}")
        url = connect_endpoint.properties["url"]
        call = caller(connect_endpoint)
        call(f"{url}/connectors", {"name": prefix, "config": connector})
        changes = read(kafka_endpoint, f"{prefix}.public.{table}", 1)
        connection.execute(sql.SQL("INSERT INTO {} VALUES (2, 'after')").format(name))
        changes = read(kafka_endpoint, f"{prefix}.public.{table}", 2)
        assert [(c["op"], c["after"]["fare"]) for c in changes] == [("r", "before"), ("c", "after")]
        shown = call(f"{url}/connectors/{prefix}", None, "GET").decode()
        assert postgres_endpoint.secrets["password"] not in shown
        call(f"{url}/connectors/{prefix}", None, "DELETE")
        drop(connection, prefix[:60])
    log = (stack.state_dir / "logs" / "connect.log").read_text(errors="replace")
    assert postgres_endpoint.secrets["password"] not in log


@pytest.mark.servers
def test_changes_come_in_avro_with_schemas_that_evolve(
    stack, postgres_endpoint, kafka_endpoint, connect_endpoint, registry_endpoint, unique_name
) -> None:
    """With the converters of docs/guides/schemas.md."""
    name, prefix = unique_name("trips"), unique_name("cdc")
    topic, table = f"{prefix}.public.{name}", sql.Identifier(name)
    secrets = stack.state_dir / "servers" / "postgres" / "secrets.properties"
    url, call = f"{connect_endpoint.properties['url']}/connectors", caller(connect_endpoint)
    config = settings(postgres_endpoint, secrets, prefix, f"public.{name}")
    config |= documented_converters(registry_endpoint)
    with connect(postgres_endpoint) as connection:
        for text in (
            "CREATE TABLE {} (id int PRIMARY KEY, fare text)",
            "ALTER TABLE {} REPLICA IDENTITY FULL",
            "INSERT INTO {} VALUES (1, 'before')",
        ):
            connection.execute(sql.SQL(text).format(table))
        call(url, {"name": prefix, "config": config | {"poll.interval.ms": "20"}})
        follow(kafka_endpoint, topic, 1, decode=bytes)
        for text in (
            "UPDATE {} SET fare = 'later'",
            "ALTER TABLE {} ADD COLUMN tip int",
            "INSERT INTO {} VALUES (2, 'new', 5)",
            "DELETE FROM {} WHERE id = 1",
        ):
            connection.execute(sql.SQL(text).format(table))
        messages = follow(kafka_endpoint, topic, 5, decode=lambda value: value)
        call(f"{url}/{prefix}", None, "DELETE")
        drop(connection, prefix[:60])
    factory = FORMATS["debezium-avro-confluent"]
    address = registry_endpoint.properties["url"]
    login = {"basic-auth.user-info": registry_endpoint.secrets["user-info"]}
    options = factory.options.parse({"url": address, **login})
    decoded = factory.decoder(TRIPS, options, None).decode(messages)
    assert decoded.rejects == () and decoded.skipped == 1  # the tombstone after the deletion
    kinds = [RowKind(kind).short for kind in decoded.kinds.to_pylist()]
    rows = [tuple(row.values()) for row in decoded.rows.to_pylist()]
    assert list(zip(kinds, rows, strict=True)) == [
        ("+I", (1, "before", None)), ("-U", (1, "before", None)), ("+U", (1, "later", None)),
        ("+I", (2, "new", 5)), ("-D", (1, "later", None)),
    ]  # fmt: skip
    snapshot, *streamed = decoded.changes[:4]
    assert snapshot.snapshot and [change.operation for change in streamed] == ["u", "c", "d"]
    places = [(change.commit, change.change) for change in streamed]
    assert places == sorted(set(places))
    subjects = caller(registry_endpoint)(f"{address}/subjects", None, "GET")
    assert {f"{topic}-key", f"{topic}-value"} <= set(json.loads(subjects))


@pytest.mark.servers
def test_an_idle_table_holds_no_log_back_and_a_dropped_slot_begins_with_a_snapshot(
    stack, postgres_endpoint, kafka_endpoint, connect_endpoint, unique_name, tmp_path, monkeypatch
) -> None:
    """What `connector register` adds, and what the guard does with a slot over its budget.

    First the connector is paused, and goes on where it stood; then its slot is dropped.
    """
    table, prefix = unique_name("idle").lower(), unique_name("cdc").lower()
    secrets = stack.state_dir / "servers" / "postgres" / "secrets.properties"
    config = settings(postgres_endpoint, secrets, prefix, f"public.{table}")
    config["database.password"] = "${env:POSTGRES_PASSWORD}"
    (tmp_path / "c.json").write_text(json.dumps({"name": prefix, "config": config}))
    monkeypatch.setenv("POSTGRES_PASSWORD", postgres_endpoint.secrets["password"])
    monkeypatch.setenv("CONNECT_PASSWORD", connect_endpoint.secrets.get("password", ""))
    (tmp_path / "tidemill.yaml").write_text(
        "name: idle\ncdc: {heartbeat_ms: 200, wal_budget_mb: 1, over_budget: drop}\nconnections:\n"
        f"  connect: {{url: '{connect_endpoint.properties['url']}', user: tidemill,\n"
        "    password: '${env:CONNECT_PASSWORD}'}\n"
        f"  postgres: {{host: {postgres_endpoint.host}, port: {postgres_endpoint.ports['sql']},\n"
        f"    user: {postgres_endpoint.properties['user']},\n"
        f"    database: {postgres_endpoint.properties['database']},\n"
        "    password: '${env:POSTGRES_PASSWORD}'}\n"
    )
    pausing = tmp_path / "pausing"
    pausing.mkdir()
    dropping = (tmp_path / "tidemill.yaml").read_text()
    (pausing / "tidemill.yaml").write_text(dropping.replace("budget: drop", "budget: pause"))
    slot = prefix[:60]
    confirmed = "SELECT confirmed_flush_lsn > %s FROM pg_replication_slots WHERE slot_name = %s"
    with connect(postgres_endpoint) as connection:
        name = sql.Identifier(table)
        connection.execute(sql.SQL("CREATE TABLE {} (id int PRIMARY KEY)").format(name))
        connection.execute(sql.SQL("INSERT INTO {} VALUES (1)").format(name))
        register(Connect(tmp_path), tmp_path / "c.json")
        topic = f"{prefix}.public.{table}"
        assert len(read(kafka_endpoint, topic, 1)) == 1
        connection.execute("SELECT pg_logical_emit_message(false, 'w', repeat('x', 3000000))")
        (written,) = connection.execute("SELECT pg_current_wal_lsn()").fetchone()
        deadline = time.monotonic() + 90
        while connection.execute(confirmed, (written, slot)).fetchone() != (True,):
            assert time.monotonic() < deadline, "the slot stands still"
            time.sleep(0.2)
        client = Connect(tmp_path).client()
        for _ in range(20):
            # The server moves what it keeps on its own now and then, and may do so just now.
            connection.execute("SELECT pg_logical_emit_message(false, 'w', repeat('x', 3000000))")
            (paused,) = guard(load_project(pausing), [slot])
            if paused.action == "pause":
                break
        assert f"connector {prefix} was stopped" in paused.sentence
        assert client.status(prefix).state == "STOPPED"
        connection.execute(sql.SQL("INSERT INTO {} VALUES (2)").format(name))
        connection.execute("SELECT pg_logical_emit_message(false, 'w', repeat('x', 3000000))")
        (again,) = guard(load_project(pausing), [slot])
        assert again.action == "pause" and "stands still already" in again.sentence
        client.act(prefix, "resume")
        rows = [(c["op"], c["after"]["id"]) for c in follow(kafka_endpoint, topic, 2)]
        assert rows == [("r", 1), ("c", 2)]
        client.act(prefix, "stop")
        client.wait(prefix, lambda status: status.state == "STOPPED", 30)
        connection.execute("SELECT pg_logical_emit_message(false, 'w', repeat('x', 3000000))")
        (done,) = guard(load_project(tmp_path), [slot])
        assert done.action == "drop" and f"connector resume {prefix}" in done.sentence
        connection.execute(sql.SQL("INSERT INTO {} VALUES (3)").format(name))
        client.act(prefix, "resume")
        rows = [(c["op"], c["after"]["id"]) for c in follow(kafka_endpoint, topic, 5)]
        assert rows == [("r", 1), ("c", 2), ("r", 1), ("r", 2), ("r", 3)]
        client.delete(prefix)
        drop(connection, slot)


def documented_converters(registry) -> dict[str, str]:
    text = (ROOT / "docs" / "guides" / "schemas.md").read_text()
    (shown,) = re.findall(r"^```json\n(.*?)^```$", text, re.M | re.S)
    address = "${server:registry.host}:${server:registry.port}"
    shown = shown.replace(address, f"{registry.host}:{registry.ports['http']}")
    shown = shown.replace("${server:registry.user}", registry.properties["user"])
    shown = shown.replace("${secret:registry.password}", registry.secrets["password"])
    found = {k: v for k, v in json.loads(shown).items() if "converter" in k or "adjust" in k}
    assert len(found) > 8
    return found


@pytest.mark.servers
def test_a_copy_loses_no_row_to_restarts_of_the_connector(
    stack, postgres_endpoint, kafka_endpoint, connect_endpoint, unique_name
) -> None:
    """The taxi table's trigger: without it Debezium 3.7 leaves out some of these rows.

    It skips what is left of a page where a restart came after exactly the page's first row; here
    every page holds two.
    """
    schema, prefix = unique_name("copied"), unique_name("cdc")[:60]
    secrets = stack.state_dir / "servers" / "postgres" / "secrets.properties"
    table = sql.Identifier(schema, "nyc_taxi")
    url, call = connect_endpoint.properties["url"], caller(connect_endpoint)
    with connect(postgres_endpoint) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        connection.execute(DDL.read_text().replace("public.", f"{schema}.").encode())
        config = settings(postgres_endpoint, secrets, prefix, f"{schema}.nyc_taxi")
        plain = sql.SQL("ALTER TABLE {} ALTER store_and_fwd_flag SET STORAGE PLAIN")
        connection.execute(plain.format(table))
        one_by_one = {
            "exactly.once.support": "required",
            "max.batch.size": "1",
            "max.queue.size": "2",
            "poll.interval.ms": "20",
        }
        call(f"{url}/connectors", {"name": prefix, "config": config | one_by_one})
        wait_for_slot(connection, prefix)
        into = sql.SQL("COPY {} (id, store_and_fwd_flag) FROM STDIN").format(table)
        for begin in (0, 60):
            with connection.cursor().copy(into) as copy:
                for row in range(begin, begin + 60):
                    copy.write_row((row, "x" * 3800))
        changes = follow(
            kafka_endpoint,
            f"{prefix}.{schema}.nyc_taxi",
            120,
            restart_at=(11, 31, 81),
            restart=lambda: call(f"{url}/connectors/{prefix}/restart?includeTasks=true", {}),
        )
        call(f"{url}/connectors/{prefix}", None, "DELETE")
        drop(connection, prefix)
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
    assert [change["after"]["id"] for change in changes] == list(range(120))


def connect(endpoint) -> psycopg.Connection:
    return psycopg.connect(
        host=endpoint.host,
        port=endpoint.ports["sql"],
        user=endpoint.properties["user"],
        dbname=endpoint.properties["database"],
        password=endpoint.secrets["password"],
        autocommit=True,
    )


def settings(endpoint, secrets: Path, prefix: str, table: str) -> dict[str, str]:
    return {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "plugin.name": "pgoutput",
        "database.hostname": endpoint.host,
        "database.port": str(endpoint.ports["sql"]),
        "database.user": endpoint.properties["user"],
        "database.password": f"${{file:{secrets}:password}}",
        "database.dbname": endpoint.properties["database"],
        "topic.prefix": prefix,
        "slot.name": prefix[:60],
        "publication.name": prefix[:60],
        "publication.autocreate.mode": "filtered",
        "table.include.list": table,
    }


def wait_for_slot(connection: psycopg.Connection, slot: str) -> None:
    active = "SELECT active FROM pg_replication_slots WHERE slot_name = %s"
    deadline = time.monotonic() + 60
    while connection.execute(active, (slot,)).fetchone() != (True,):
        assert time.monotonic() < deadline, f"slot {slot} is not in use"
        time.sleep(0.1)


def caller(endpoint: Endpoint) -> Callable[..., bytes]:
    """Sends requests to a server over HTTP, with its login."""

    def call(url: str, body: object, method: str = "POST") -> bytes:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **login_headers(endpoint)}
        request = urllib.request.Request(url, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return bytes(answer.read())

    return call


def read(endpoint, topic: str, count: int) -> list[dict[str, object]]:
    return follow(endpoint, topic, count)


def follow(
    endpoint,
    topic: str,
    count: int,
    *,
    restart_at: tuple[int, ...] = (),
    restart: Callable[[], None] = lambda: None,
    decode: Callable[[bytes], Any] = json.loads,
) -> list[Any]:
    """The first changes of a topic; `restart` is called when so many have come."""
    reader = Consumer(
        {
            "bootstrap.servers": endpoint.properties["bootstrap.servers"],
            "group.id": f"{topic}-{count}",
            "auto.offset.reset": "earliest",
            "topic.metadata.refresh.interval.ms": 500,
            "allow.auto.create.topics": False,
        }
    )
    reader.subscribe([topic])
    found: list[Any] = []
    moments = list(restart_at)
    deadline = time.monotonic() + 90
    while len(found) < count and time.monotonic() < deadline:
        message = reader.poll(0.5)
        if message is not None and message.error() is None:
            found.append(decode(message.value()))
        if moments and len(found) >= moments[0]:
            moments.pop(0)
            restart()
    reader.close()
    return found


def drop(connection: psycopg.Connection, slot: str) -> None:
    """Drop the slot as soon as the connector has let go of it."""
    for _ in range(100):
        try:
            connection.execute("SELECT pg_drop_replication_slot(%s)", (slot,))
            return
        except psycopg.errors.ObjectInUse:
            time.sleep(0.2)
    raise AssertionError(f"slot {slot} is still in use")
