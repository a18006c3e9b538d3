"""Lookup joins on a real Postgres: embedded in all batch sizes, and Flink, against each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tidemill.connectors import CONNECTORS
from tidemill.control.parity.compare import compare
from tidemill.control.parity.embedded import EmbeddedRun, run_script
from tidemill.control.parity.on_flink import run_on_flink
from tidemill.control.parity.results import QueryResult
from tidemill.formats import FORMATS
from tidemill.interfaces.service import Endpoint
from tidemill.runners.flink import Gateway, cut
from tidemill.sql import compile_script

pytestmark = pytest.mark.servers

ORDERS = """{"id":1,"k":10,"r":"EU","v":5}
{"id":2,"k":20,"r":"EU","v":null}
{"id":3,"k":null,"r":"US","v":7}
{"id":4,"k":10,"r":"US","v":1}
{"id":5,"k":99,"r":"EU","v":3}
{"id":6,"k":10,"r":"EU","v":9}
{"id":7,"k":20,"r":null,"v":4}
"""
TEXT = """SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE orders (id INT, k BIGINT, r STRING, v INT, p AS PROCTIME())
WITH ('connector' = 'filesystem', 'path' = '{orders}', 'format' = 'json');
CREATE TABLE dim (k INT, r STRING, name STRING, price DECIMAL(10, 2), since TIMESTAMP(3)) WITH (
  'connector' = 'jdbc', 'url' = '{url}', 'table-name' = '{table}', 'username' = '{user}',
  'password' = '{password}'
);
CREATE TABLE kept WITH ('lookup.cache' = 'PARTIAL', 'lookup.partial-cache.max-rows' = '2') LIKE dim;
SELECT o.id, d.name, d.price, d.since FROM orders AS o
JOIN dim FOR SYSTEM_TIME AS OF o.p AS d ON CAST(o.k AS INT) = d.k;
SELECT o.id, d.k, d.name FROM orders AS o
LEFT JOIN kept FOR SYSTEM_TIME AS OF o.p AS d ON CAST(o.k AS INT) = d.k AND o.r = d.r;
SELECT o.id, d.name FROM orders AS o
LEFT JOIN kept FOR SYSTEM_TIME AS OF o.p AS d ON CAST(o.k AS INT) = d.k AND d.price > o.v;
SELECT o.id, d.name FROM orders AS o
JOIN dim FOR SYSTEM_TIME AS OF o.p AS d ON CAST(o.k AS INT) = d.k AND d.r = 'US' AND o.v > 0;
SELECT o.id, d.r, COUNT(*) OVER_ FROM orders AS o
LEFT JOIN dim FOR SYSTEM_TIME AS OF o.p AS d ON d.k = 10 AND o.r = d.r WHERE o.id > 1
GROUP BY o.id, d.r;
""".replace("COUNT(*) OVER_", "COUNT(*) AS n")


@pytest.fixture(scope="module")
def text(postgres_endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    orders = tmp_path_factory.mktemp("lookups") / "orders.jsonl"
    orders.write_text(ORDERS)
    end = postgres_endpoint
    user, database = end.properties["user"], end.properties["database"]
    table = f"lookup_{abs(hash(str(orders)))}"
    with psycopg.connect(
        host=end.host, port=end.ports["sql"], user=user, password=end.secrets["password"],
        dbname=database, autocommit=True,
    ) as connection:  # fmt: skip
        connection.execute(
            f"CREATE TABLE {table} (k int, r char(5), name text, price numeric(10, 2),"  # type: ignore[arg-type]
            f" since timestamp(3)); INSERT INTO {table} VALUES"
            " (10, 'EU', 'ten', 6.5, '2026-01-01 00:00:01'), (10, 'US', 'dix', 2, NULL),"
            " (20, 'EU', NULL, 8, '2026-01-02 00:00:00'), (30, 'EU', 'thirty', 1, NULL)"
        )
        yield TEXT.format(
            orders=orders, user=user, password=end.secrets["password"], table=table,
            url=f"jdbc:postgresql://{end.host}:{end.ports['sql']}/{database}",
        )  # fmt: skip
        connection.execute(f"DROP TABLE {table}")  # type: ignore[arg-type]


def embedded(text: str, folder: Path, batch_rows: int | None) -> list[QueryResult]:
    script = compile_script(text, "lookups.sql", CONNECTORS, FORMATS)
    return run_script(script, lambda table: table, folder, EmbeddedRun(batch_rows))


@pytest.fixture(scope="module")
def flinks(text: str, flink: Gateway) -> list[QueryResult]:
    return run_on_flink(flink, cut(text, "lookups.sql"))


@pytest.mark.parametrize("batch_rows", [None, 1, 3])
def test_flink_gives_the_same_rows(
    text: str, flinks: list[QueryResult], tmp_path: Path, batch_rows: int | None
) -> None:
    for own, other in zip(embedded(text, tmp_path, batch_rows), flinks, strict=True):
        assert compare(own, other, ("embedded", "flink")).lines("embedded", "flink") == []
        assert other.changes
