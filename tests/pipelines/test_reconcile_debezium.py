"""`reconcile --live` of copies in topics behind Debezium, while rows are written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pipeline_flow import Flow, Postgres, ended, wait_for
from psycopg import sql
from test_reconcile_live import writing
from test_servers_that_fail import (  # noqa: F401 - two are fixtures
    Servers,
    connected,
    connector,
    own_flow,
    servers,
)

from tidemill.control.connectors import Connect, register
from tidemill.control.reconcile.prove import reconcile

pytestmark = pytest.mark.servers

ROWS = 3_000
COLUMNS = "id INT, city STRING, n BIGINT, PRIMARY KEY (id) NOT ENFORCED"


def test_copies_in_topics_behind_debezium_are_compared_while_rows_are_written(
    servers: Servers,  # noqa: F811 - the fixture
    own_flow: Flow,  # noqa: F811 - the fixture
    unique_name: Any,
) -> None:
    flow, table = own_flow, unique_name("src")
    capture = f"c{table[-12:]}"
    endpoint = servers.stack.endpoint("postgres")
    servers.stack.endpoint("connect")
    with connected(servers) as connection:
        name = sql.Identifier(table)
        for text in (
            "CREATE TABLE {} (id int PRIMARY KEY, city text, n bigint)",
            "ALTER TABLE {} REPLICA IDENTITY FULL",
            f"INSERT INTO {{}} SELECT i, 'c' || i % 9, i FROM generate_series(1, {ROWS}) i",
        ):
            connection.execute(sql.SQL(text).format(name))
        file = servers.root / f"{capture}.json"
        file.write_text(connector(table, capture))
        register(Connect(servers.root), file)
        captured, newest = f"{capture}.public.{table}", flow.topic("newest", partitions=2)
        changes = flow.topic("changes", partitions=2)
        kafka = f"'properties.bootstrap.servers' = '{flow.bootstrap}'"
        flow.write(
            flow.kafka("s", COLUMNS, captured, format="debezium-json"),
            Postgres(endpoint, connection, table).jdbc("original", COLUMNS),
            f"CREATE TABLE newest ({COLUMNS}) WITH ('connector' = 'upsert-kafka', {kafka}, "
            f"'topic' = '{newest}', 'key.format' = 'json', 'value.format' = 'json');",
            f"CREATE TABLE changes ({COLUMNS}) WITH ('connector' = 'kafka', {kafka}, "
            f"'topic' = '{changes}', 'format' = 'debezium-json');",
            "EXECUTE STATEMENT SET BEGIN INSERT INTO newest SELECT id, city, n FROM s;",
            "INSERT INTO changes SELECT id, city, n FROM s; END;",
        )
        wait_for(lambda: captured in {t.name for t in flow.admin.topics()}, 120)
        process = flow.start()
        try:
            wait_for(lambda: flow.count(changes) >= ROWS, 120)
            original = Postgres(endpoint, connection, table)
            with writing(original, table, range(1_000, ROWS + 500)) as turns:
                for sink in ("newest", "changes"):
                    before = turns[0]
                    found = reconcile(
                        flow.name, flow.folder, sinks=[sink], against="original", live=True
                    )
                    assert found.agrees and found.sinks[0].found.rows > 2_000, found
                    assert turns[0] > before
                wrong = {"before": {"id": 8, "city": "c8", "n": 8}, "after": None, "op": "d"}
                twice = {"before": None, "after": {"id": 9, "city": "c0", "n": 9}, "op": "c"}
                flow.send(changes, [json.dumps(wrong), json.dumps(twice)])
                found = reconcile(
                    flow.name, flow.folder, sinks=["changes"], against="original", live=True
                )
            differ = found.sinks[0].differences
            assert differ.missing_rows == ({"id": "8", "city": "c8", "n": "8"},), found
            assert differ.different_rows == ({"id": "9", "(rows)": (1, 2)},)
            assert not differ.unexpected and not found.agrees
        finally:
            process.terminate()
            ended(process)
