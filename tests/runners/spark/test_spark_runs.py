"""Pipelines on a real Spark: Kafka and Postgres, a stream that is stopped and goes on, errors."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg
import pytest
from confluent_kafka import Producer

from tidemill.control.run_spark import run_spark
from tidemill.control.spark_status import StreamProgress
from tidemill.errors import ComponentError
from tidemill.interfaces.service import Endpoint

pytestmark = pytest.mark.servers

QUICK = {"spark.driver.memory": "700m", "spark.sql.shuffle.partitions": "1"}


def project(tmp_path: Path, sql: str, kafka: Endpoint | None = None) -> Path:
    bootstrap = kafka.properties["bootstrap.servers"] if kafka is not None else "localhost:1"
    (tmp_path / "tidemill.yaml").write_text(
        "name: shop\npipelines: [p.sql]\nconnections:\n"
        f"  kafka: {{bootstrap.servers: '{bootstrap}'}}\n"
        "spark: {properties: {spark.master: 'local[2]'}}\n"
    )
    (tmp_path / "p.sql").write_text(sql)
    return tmp_path


def send(kafka: Endpoint, topic: str, rows: Sequence[dict[str, object]]) -> None:
    producer = Producer({"bootstrap.servers": kafka.properties["bootstrap.servers"]})
    for row in rows:
        producer.produce(topic, json.dumps(row).encode(), partition=0)
    assert producer.flush(30) == 0


def test_bounded_kafka_into_postgres_twice(
    tmp_path: Path,
    kafka_endpoint: Endpoint,
    postgres_endpoint: Endpoint,
    unique_name: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    topic, table = unique_name("bids"), unique_name("totals").replace("-", "_")
    send(kafka_endpoint, topic, [{"item": "ab"[i % 2], "price": i} for i in range(10)])
    place = postgres_endpoint
    properties, password = place.properties, place.secrets["password"]
    port = next(iter(place.ports.values()))
    url = f"jdbc:postgresql://{place.host}:{port}/{properties['database']}"
    monkeypatch.setenv("PG_PASSWORD", password)
    dsn = f"{url.removeprefix('jdbc:')}?user={properties['user']}"
    with psycopg.connect(dsn, password=password, autocommit=True) as postgres:
        postgres.execute(f'CREATE TABLE "{table}" (item TEXT PRIMARY KEY, n BIGINT, total BIGINT)')
        postgres.execute(f"INSERT INTO \"{table}\" VALUES ('a', 0, 0)")
    root = project(
        tmp_path,
        f"""CREATE TABLE bids (item STRING, price BIGINT) WITH ('connector' = 'kafka',
  'topic' = '{topic}', 'properties.bootstrap.servers' = '${{server:kafka.bootstrap}}',
  'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset',
  'format' = 'json');
CREATE TABLE totals (item STRING, n BIGINT, total BIGINT, PRIMARY KEY (item) NOT ENFORCED) WITH (
  'connector' = 'jdbc', 'url' = '{url}', 'table-name' = '{table}',
  'username' = '{properties["user"]}', 'password' = '${{env:PG_PASSWORD}}');
INSERT INTO totals SELECT item, COUNT(*), SUM(price) FROM bids GROUP BY item;
""",
        kafka_endpoint,
    )
    result = run_spark("p", root, properties=QUICK)
    assert result.state == "FINISHED"
    assert password not in (root / ".tidemill/pipelines/p/spark/program.py").read_text()
    with psycopg.connect(dsn, password=password) as postgres:
        rows = postgres.execute(f'SELECT item, n, total FROM "{table}" ORDER BY item').fetchall()
    assert rows == [("a", 5, 20), ("b", 5, 25)]


def test_a_stream_of_windows_is_stopped_and_goes_on(
    tmp_path: Path, kafka_endpoint: Endpoint, unique_name: Callable[[str], str]
) -> None:
    topic = unique_name("clicks")
    root = project(
        tmp_path,
        f"""CREATE TABLE clicks (id INT, `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND) WITH ('connector' = 'kafka',
  'topic' = '{topic}', 'properties.bootstrap.servers' = '${{server:kafka.bootstrap}}',
  'scan.startup.mode' = 'earliest-offset', 'format' = 'json');
CREATE TABLE counts (s TIMESTAMP(3), n BIGINT)
WITH ('connector' = 'filesystem', 'path' = 'out', 'format' = 'json');
INSERT INTO counts SELECT window_start, COUNT(*)
FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;
""",
        kafka_endpoint,
    )

    def clicks(start: int, end: int) -> list[dict[str, object]]:
        return [{"id": i, "at": f"2026-01-01 00:0{i // 60}:{i % 60:02}"} for i in range(start, end)]

    send(kafka_endpoint, topic, clicks(0, 25))
    assert _until(root, rows=2) == "STOPPED"
    send(kafka_endpoint, topic, clicks(25, 45))
    assert _until(root, rows=4) == "STOPPED"
    assert _rows(root) == [{"s": f"2026-01-01 00:00:{10 * i:02}", "n": 10} for i in range(4)]


def _rows(root: Path) -> list[dict[str, object]]:
    """The rows of the files that Spark's log names."""
    found: dict[str, None] = {}
    for log in sorted((root / "out/_spark_metadata").glob("[0-9]*")):
        for line in log.read_text().splitlines()[1:]:
            found[json.loads(line)["path"].removeprefix("file://")] = None
    lines = [line for path in found for line in Path(path).read_text().splitlines()]
    return sorted(map(json.loads, lines), key=lambda row: str(row["s"]))


def _until(root: Path, rows: int) -> str:
    """Run until so many rows are there, then stop as Ctrl-C does; how the run ended."""
    due = time.monotonic() + 400
    asked = threading.Event()

    def watch(_streams: Sequence[StreamProgress]) -> None:
        if not asked.is_set() and (len(_rows(root)) >= rows or time.monotonic() > due):
            asked.set()
            os.kill(os.getpid(), signal.SIGINT)

    return run_spark("p", root, properties=QUICK, watch=watch).state


def test_a_bad_row_fails_with_its_cause(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"x": "1"}\n{"x": "one"}\n')
    root = project(
        tmp_path,
        """CREATE TABLE t (x STRING)
WITH ('connector' = 'filesystem', 'path' = 'in.jsonl', 'format' = 'json');
CREATE TABLE o (n INT) WITH ('connector' = 'filesystem', 'path' = 'out', 'format' = 'json');
INSERT INTO o SELECT CAST(x AS INT) FROM t;
""",
    )
    with pytest.raises(ComponentError) as failed:
        run_spark("p", root, properties=QUICK)
    assert failed.value.code == "runner.spark-failed"
    assert "no INT: one" in failed.value.message
    assert "Traceback" not in failed.value.render()
    assert "spark-p.log" in str(failed.value.where)
