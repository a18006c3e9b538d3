"""The whole chain of real servers: a row in Postgres becomes a change in Kafka."""

from __future__ import annotations

import json
import time
import urllib.request

import psycopg
import pytest
from confluent_kafka import Consumer
from psycopg import sql


@pytest.mark.servers
def test_a_row_becomes_a_change_and_the_connector_holds_no_password(
    stack, postgres_endpoint, kafka_endpoint, connect_endpoint, unique_name
) -> None:
    table, prefix = unique_name("trips"), unique_name("cdc")
    secrets = stack.state_dir / "servers" / "postgres" / "secrets.properties"
    with psycopg.connect(
        host=postgres_endpoint.host,
        port=postgres_endpoint.ports["sql"],
        user=postgres_endpoint.properties["user"],
        dbname=postgres_endpoint.properties["database"],
        password=postgres_endpoint.secrets["password"],
        autocommit=True,
    ) as connection:
        name = sql.Identifier(table)
        connection.execute(sql.SQL("CREATE TABLE {} (id int PRIMARY KEY, fare text)").format(name))
        connection.execute(sql.SQL("INSERT INTO {} VALUES (1, 'before')").format(name))
        connector = {
            "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
            "plugin.name": "pgoutput",
            "database.hostname": postgres_endpoint.host,
            "database.port": str(postgres_endpoint.ports["sql"]),
            "database.user": postgres_endpoint.properties["user"],
            "database.password": f"${{file:{secrets}:password}}",
            "database.dbname": postgres_endpoint.properties["database"],
            "topic.prefix": prefix,
            "slot.name": prefix[:60],
            "publication.name": prefix[:60],
            "publication.autocreate.mode": "filtered",
            "table.include.list": f"public.{table}",
        }
        url = connect_endpoint.properties["url"]
        call(f"{url}/connectors", {"name": prefix, "config": connector})
        changes = read(kafka_endpoint, f"{prefix}.public.{table}", 1)
        connection.execute(sql.SQL("INSERT INTO {} VALUES (2, 'after')").format(name))
        changes = read(kafka_endpoint, f"{prefix}.public.{table}", 2)
        assert [(c["op"], c["after"]["fare"]) for c in changes] == [("r", "before"), ("c", "after")]
        shown = urllib.request.urlopen(f"{url}/connectors/{prefix}", timeout=30).read().decode()
        assert postgres_endpoint.secrets["password"] not in shown
        call(f"{url}/connectors/{prefix}", None, "DELETE")
        drop(connection, prefix[:60])
    log = (stack.state_dir / "logs" / "connect.log").read_text(errors="replace")
    assert postgres_endpoint.secrets["password"] not in log


def call(url: str, body: object, method: str = "POST") -> None:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data, headers, method=method)
    urllib.request.urlopen(request, timeout=60).close()


def read(endpoint, topic: str, count: int) -> list[dict[str, object]]:
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
    found: list[dict[str, object]] = []
    deadline = time.monotonic() + 90
    while len(found) < count and time.monotonic() < deadline:
        message = reader.poll(0.5)
        if message is not None and message.error() is None:
            found.append(json.loads(message.value()))
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
