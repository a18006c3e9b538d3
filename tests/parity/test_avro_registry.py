"""Avro, also with a registry: Flink and Tidemill write the same bytes, and read the same rows.

Both register under one subject, so that the ids within the messages must be the same too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from tidemill.api import Pipeline
from tidemill.connectors import CONNECTORS
from tidemill.control.parity.compare import compare
from tidemill.control.parity.embedded import EmbeddedRun, run_script
from tidemill.control.parity.on_flink import run_on_flink
from tidemill.control.topics import Cluster, read_topic
from tidemill.formats import FORMATS
from tidemill.interfaces.service import Endpoint
from tidemill.runners.flink import Gateway, cut
from tidemill.sql import compile_script

pytestmark = pytest.mark.servers
ROWS = [
    {"b": True, "t": -3, "i": 7, "g": 2**53, "f": 1.5, "d": -0.1, "s": "ä€😀", "y": "AAH/",
     "n": -12.5, "dt": "1969-12-31", "tm": "23:59:58", "ts": "2026-01-02 03:04:05.678",
     "r": {"x": 1, "z": None}, "a": ["p", None, ""], "m": {"k": 1},
     "u": "2026-01-02 03:04:05.678", "l": "2026-01-02 03:04:05.678Z"},
    {"b": False, "s": "", "r": None, "a": [], "m": {}},
    {"b": False, "s": "ä€😀", "n": 99999999.99, "ts": "1950-01-01 00:00:00", "a": None,
     "u": "1950-06-01 00:00:00.001", "l": "1969-12-31 23:59:59.999Z"},
]  # fmt: skip
KINDS = """b BOOLEAN NOT NULL, t TINYINT, i INT, g BIGINT, f FLOAT, d DOUBLE, s STRING, y BYTES,
  n DECIMAL(10, 2), dt DATE, tm TIME, ts TIMESTAMP(3), r ROW<x INT, z STRING>, a ARRAY<STRING>,
  m MAP<STRING, BIGINT>"""
TABLES = """
SET 'table.dml-sync' = 'true';
CREATE TABLE src ({kinds}, u TIMESTAMP(3), l TIMESTAMP_LTZ(3)) WITH (
  'connector' = 'filesystem', 'path' = '{rows}', 'format' = 'json');
CREATE TABLE kinds ({kinds}) WITH ({kafka}, 'topic' = '{topic}_kinds', 'format' = 'avro-confluent',
  'avro-confluent.url' = '{url}', 'avro-confluent.basic-auth.credentials-source' = 'USER_INFO',
  'avro-confluent.basic-auth.user-info' = '{login}', 'avro-confluent.subject' = '{subject}-kinds');
CREATE TABLE times (u TIMESTAMP(3), l TIMESTAMP_LTZ(3) NOT NULL) WITH ({kafka},
  'topic' = '{topic}_times', 'format' = 'avro', 'avro.timestamp_mapping.legacy' = 'false');
CREATE TABLE changes (s STRING, seen BIGINT NOT NULL, most DECIMAL(10, 2)) WITH ({kafka},
  'topic' = '{topic}_changes', 'format' = 'debezium-avro-confluent',
  'debezium-avro-confluent.url' = '{url}',
  'debezium-avro-confluent.basic-auth.credentials-source' = 'USER_INFO',
  'debezium-avro-confluent.basic-auth.user-info' = '{login}',
  'debezium-avro-confluent.deduplicate' = 'true',
  'debezium-avro-confluent.subject' = '{subject}-changes');
"""
KAFKA = """'connector' = 'kafka', 'properties.bootstrap.servers' = '{}',
  'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset'"""
WRITE = """
EXECUTE STATEMENT SET BEGIN
INSERT INTO kinds SELECT b, t, i, g, f, d, s, y, n, dt, tm, ts, r, a, m FROM src;
INSERT INTO times SELECT u, l FROM src WHERE l IS NOT NULL;
INSERT INTO changes SELECT s, COUNT(*), MAX(n) FROM src GROUP BY s;
END;
"""
READ = "SELECT * FROM kinds; SELECT * FROM times; SELECT * FROM changes;"
NAMES = ("kinds", "times", "changes")


def test_both_engines_write_the_same_bytes_and_read_the_same_rows(
    kafka_endpoint: Endpoint,
    registry_endpoint: Endpoint,
    flink: Gateway,
    unique_name: Callable[[str], str],
    tmp_path: Path,
) -> None:
    bootstrap, subject = kafka_endpoint.properties["bootstrap.servers"], unique_name("avro")
    topics = {engine: f"{subject}_{engine}" for engine in ("flink", "own")}
    admin = AdminClient({"bootstrap.servers": bootstrap})
    made = [f"{topic}_{name}" for topic in topics.values() for name in NAMES]
    for future in admin.create_topics([NewTopic(name, 1, 1) for name in made]).values():
        future.result(30)
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))

    def tables(engine: str) -> str:
        return TABLES.format(
            kinds=KINDS,
            rows=tmp_path / "rows.jsonl",
            kafka=KAFKA.format(bootstrap),
            topic=topics[engine],
            url=registry_endpoint.properties["url"],
            login=registry_endpoint.secrets["user-info"],
            subject=subject,
        )

    (tmp_path / "tidemill.yaml").write_text("name: avro\n")
    file = tmp_path / f"{subject}.sql"
    file.write_text(tables("own") + WRITE)
    Pipeline.from_file(file).run()
    text = tables("flink") + WRITE + READ
    others = run_on_flink(flink, cut(text, "avro.sql"))
    cluster = Cluster(bootstrap=bootstrap)
    for name in NAMES:
        own, theirs = (
            [r.value for r in read_topic(cluster, f"{topics[e]}_{name}")] for e in ("own", "flink")
        )
        if name == "changes":  # per key its last count: a batch is one step here, a row is there
            assert len(own) == 2 and set(own) <= set(theirs)
        else:
            assert own == theirs and len(own) > 1, name
    script = compile_script(tables("flink") + READ, "avro.sql", CONNECTORS, FORMATS)
    results = run_script(script, lambda table: table, tmp_path / "out", EmbeddedRun(None))
    for own_rows, other in zip(results, others, strict=True):
        assert compare(own_rows, other, ("embedded", "flink")).lines("embedded", "flink") == []
    assert [len(other.changes) for other in others] == [3, 2, 4]
    for future in admin.delete_topics(made).values():
        future.result(30)
