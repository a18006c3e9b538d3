"""`reconcile --live` of copies in topics behind Debezium, while rows are written."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pipeline_flow import Flow, Postgres, ended, wait_for
from test_reconcile_live import writing
from test_servers_that_fail import connector

from tidemill.control.connectors import Connect, register
from tidemill.control.reconcile.prove import reconcile
from tidemill.interfaces.service import Endpoint

pytestmark = pytest.mark.servers

ROWS = 3_000
COLUMNS = "id INT, city STRING, n BIGINT, PRIMARY KEY (id) NOT ENFORCED"


@pytest.fixture
def root(stack: Any, kafka_endpoint: Endpoint) -> Path:
    """The folder of the session's servers as a project, so that its Kafka Connect is known."""
    stack.endpoint("connect")
    folder = Path(stack.state_dir).parent
    with contextlib.suppress(FileExistsError), (folder / "tidemill.yaml").open("x") as file:
        file.write("name: own\nservers: {postgres: , kafka: , connect: }\n")
    return folder


@pytest.fixture
def captured(root: Path, postgres: Postgres) -> Iterator[str]:
    """A table, and the name of the topic that a connector writes its changes to."""
    table, connection = postgres.table, postgres.connection
    capture = f"c{table[-12:]}"
    postgres.create("id int PRIMARY KEY, city text, n bigint")
    connection.execute(f"ALTER TABLE {table} REPLICA IDENTITY FULL")
    connection.execute(
        f"INSERT INTO {table} SELECT i, 'c' || i % 9, i FROM generate_series(1, {ROWS}) i"
    )
    file = root / f"{capture}.json"
    file.write_text(connector(table, capture))
    register(Connect(root), file)
    yield f"{capture}.public.{table}"
    Connect(root).client().delete(capture)
    file.unlink()

    def dropped() -> bool:
        with contextlib.suppress(psycopg.errors.ObjectInUse, psycopg.errors.UndefinedObject):
            connection.execute("SELECT pg_drop_replication_slot(%s)", (capture,))
            return True
        return False

    wait_for(dropped)
    connection.execute(f"DROP PUBLICATION IF EXISTS {capture}")


def test_copies_in_topics_behind_debezium_are_compared_while_rows_are_written(
    root: Path,
    postgres: Postgres,
    captured: str,
    kafka_endpoint: Endpoint,
    unique_name: Callable[[str], str],
) -> None:
    flow = Flow(root, unique_name("p"), kafka_endpoint.properties["bootstrap.servers"])
    newest, changes = (flow.topic(stem, partitions=2) for stem in ("newest", "changes"))
    kafka = f"'properties.bootstrap.servers' = '{flow.bootstrap}'"
    path = flow.write(
        flow.kafka("s", COLUMNS, captured, format="debezium-json"),
        postgres.jdbc("original", COLUMNS),
        f"CREATE TABLE newest ({COLUMNS}) WITH ('connector' = 'upsert-kafka', {kafka}, "
        f"'topic' = '{newest}', 'key.format' = 'json', 'value.format' = 'json');",
        f"CREATE TABLE changes ({COLUMNS}) WITH ('connector' = 'kafka', {kafka}, "
        f"'topic' = '{changes}', 'format' = 'debezium-json');",
        "EXECUTE STATEMENT SET BEGIN INSERT INTO newest SELECT id, city, n FROM s;",
        "INSERT INTO changes SELECT id, city, n FROM s; END;",
    )

    def compared(sink: str) -> Any:
        return reconcile(str(path), root, sinks=[sink], against="original", live=True).sinks[0]

    wait_for(lambda: captured in {t.name for t in flow.admin.topics()}, 120)
    process = flow.start()
    try:
        wait_for(lambda: flow.count(changes) >= ROWS, 120)
        with writing(postgres, postgres.table, range(1_000, ROWS + 500)) as turns:
            for sink in ("newest", "changes"):
                before = turns[0]
                one = compared(sink)
                assert one.agrees and one.found.rows > 2_000, one
                assert turns[0] > before
            wrong = {"before": {"id": 8, "city": "c8", "n": 8}, "after": None, "op": "d"}
            twice = {"before": None, "after": {"id": 9, "city": "c0", "n": 9}, "op": "c"}
            flow.send(changes, [json.dumps(wrong), json.dumps(twice)])
            one = compared("changes")
        assert one.differences.missing_rows == ({"id": "8", "city": "c8", "n": "8"},), one
        assert one.differences.different_rows == ({"id": "9", "(rows)": (1, 2)},)
        assert not one.differences.unexpected and not one.agrees
    finally:
        process.terminate()
        ended(process)
        path.unlink()
