"""Sinks that Flink cannot write: through a topic and an embedded pipeline, exactly once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest

from tidemill.connectors.kafka.admin import KafkaAdmin
from tidemill.connectors.kafka.records import NewRecord, write_records
from tidemill.control.explain import explain
from tidemill.control.flink_bridge import Bridge, make_bridge
from tidemill.control.pipeline import resolve_sql
from tidemill.control.run_flink import run_flink
from tidemill.errors import UserError
from tidemill.interfaces.service import Endpoint
from tidemill.project import load_project
from tidemill.runners.flink import declared_tables

SOURCE = (
    "CREATE TABLE s (n BIGINT, k STRING) WITH ('connector' = 'kafka', 'topic' = 'in',\n"
    "  'properties.bootstrap.servers' = 'k:1', 'scan.startup.mode' = 'earliest-offset',\n"
    "  'format' = '{format}');\n"
)


def _bridge(folder: Path, sql: str, *wanted: str) -> Bridge | None:
    (folder / "tidemill.yaml").write_text(
        "name: p\npipelines: [q.sql]\nconnections: {kafka: {bootstrap.servers: 'k:1'}}\n"
    )
    (folder / "q.sql").write_text(sql)
    project = load_project(folder)
    source = resolve_sql(project, sql, "q.sql")
    tables = declared_tables(source.text, source.file)
    return make_bridge(project, project.pipeline("q"), source, tables, wanted)


def test_rows_that_only_come_go_as_plain_json(tmp_path: Path) -> None:
    bridge = _bridge(
        tmp_path,
        SOURCE.format(format="json")
        + "CREATE TABLE o (n BIGINT, `it's` STRING NOT NULL) PARTITIONED BY (n) WITH "
        "('connector' = 'filesystem', 'path' = 'o''s', 'format' = 'parquet');\n"
        "INSERT INTO o SELECT n, COALESCE(k, '') FROM s;\n",
    )
    assert bridge is not None
    (sink,) = bridge.sinks
    assert sink.topic == "p.q.o.bridge"
    assert (sink.options["connector"], sink.options["format"]) == ("kafka", "json")
    assert sink.options["sink.transactional-id-prefix"] == "p.q.o"
    assert "`it's` STRING NOT NULL" in bridge.text
    assert "PARTITIONED BY (`n`)" in bridge.text
    assert "'path' = 'o''s'" in bridge.text
    assert "'properties.isolation.level' = 'read_committed'" in bridge.text
    assert "INSERT INTO `o` SELECT * FROM `o_topic`" in bridge.text
    assert bridge.options_of("o") == sink.options
    assert bridge.options_of("s") is None


def test_changes_go_by_key_or_as_debezium_writes_them(tmp_path: Path) -> None:
    keyed = "CREATE TABLE o (k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ({0});\n"
    plain = "CREATE TABLE r (k STRING, n BIGINT) WITH ({0});\n"
    hole = "'connector' = 'blackhole'"
    bridge = _bridge(
        tmp_path,
        SOURCE.format(format="json") + keyed.format(hole) + plain.format(hole) + "EXECUTE STATEMENT"
        " SET BEGIN\nINSERT INTO o SELECT k, COUNT(*) FROM s GROUP BY k;\n"
        "INSERT INTO r SELECT k, COUNT(*) FROM s GROUP BY k;\nEND;\n",
        "o",
        "r",
    )
    assert bridge is not None
    forms = [(s.options["connector"], s.options.get("format")) for s in bridge.sinks]
    assert forms == [("upsert-kafka", None), ("kafka", "debezium-json")]
    assert "PRIMARY KEY (`k`) NOT ENFORCED" in bridge.text


def test_no_bridge_where_none_is_needed(tmp_path: Path) -> None:
    text = (
        SOURCE.format(format="json")
        + "CREATE TABLE o (n BIGINT) WITH ('connector' = 'blackhole');\n"
        + "INSERT INTO o SELECT n FROM s;\n"
    )
    assert _bridge(tmp_path, text) is None
    with pytest.raises(UserError) as refused:
        _bridge(tmp_path, text, "oo")
    assert refused.value.code == "control.unknown-sink"
    assert "`o`" in str(refused.value.hint)


@pytest.mark.servers
@pytest.mark.timeout(400)
def test_a_bridged_run_writes_each_row_once(
    tmp_path: Path,
    stack: object,
    kafka_endpoint: Endpoint,
    postgres_endpoint: Endpoint,
    unique_name: Callable[..., str],
) -> None:
    stack.endpoint("flink-taskmanager")  # type: ignore[attr-defined]
    urls = [
        stack.endpoint(f"flink-{name}").properties["url"]  # type: ignore[attr-defined]
        for name in ("jobmanager", "gateway")
    ]
    name, topic, table = unique_name("p"), unique_name("in"), unique_name("counts")
    bootstrap = kafka_endpoint.properties["bootstrap.servers"]
    at = _postgres(postgres_endpoint)
    jdbc = f"jdbc:postgresql://{at['host']}:{at['port']}/{at['dbname']}"
    password = tmp_path / "password"
    password.write_text(at["password"])
    password.chmod(0o600)
    (tmp_path / "tidemill.yaml").write_text(
        f"name: {name}\npipelines: [q.sql]\nconnections:\n"
        f"  flink: {{jobmanager-url: '{urls[0]}', gateway-url: '{urls[1]}'}}\n"
        f"  kafka: {{bootstrap.servers: '{bootstrap}'}}\n"
        f"  db: {{jdbc-url: '{jdbc}', user: '{at['user']}', "
        f"password: '${{file:{password}}}'}}\n"
    )
    (tmp_path / "q.sql").write_text(
        "SET 'table.exec.sink.require-on-conflict' = 'false';\n"
        "CREATE TABLE s (n BIGINT, k STRING) WITH ('connector' = 'kafka',\n"
        f"  'topic' = '{topic}', 'properties.bootstrap.servers' = '{bootstrap}',\n"
        "  'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset',\n"
        "  'format' = 'debezium-json');\n"
        "CREATE TABLE files (n BIGINT, t STRING) WITH ('connector' = 'filesystem',\n"
        "  'path' = 'out', 'format' = 'parquet');\n"
        "CREATE TABLE v (n BIGINT) WITH ('connector' = 'datagen', 'fields.n.kind' = 'sequence',\n"
        "  'fields.n.start' = '1', 'fields.n.end' = '300');\n"
        "CREATE TABLE counts (k STRING, c BIGINT, m BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH (\n"
        "  'connector' = 'jdbc', 'url' = '${server:db.jdbc-url}',\n"
        "  'username' = '${server:db.user}',\n"
        f"  'password' = '${{secret:db.password}}', 'table-name' = '{table}');\n"
        "INSERT INTO files SELECT n, CONCAT('t', CAST(n AS STRING)) FROM v;\n"
        "INSERT INTO counts SELECT k, COUNT(*), MAX(n) FROM s GROUP BY k;\n"
    )
    admin = KafkaAdmin(dict(kafka_endpoint.properties))
    admin.create(topic, partitions=1, replication=1, settings={})
    rows = [{"n": n, "k": f"k{n % 7}"} for n in range(200)]
    changes = [{"before": None, "after": row, "op": "c"} for row in rows]
    changes += [{"before": row, "after": None, "op": "d"} for row in rows if row["k"] == "k3"]
    write_records(admin, topic, [NewRecord(json.dumps(c).encode()) for c in changes])
    with psycopg.connect(**at) as connection:
        connection.execute(
            f"CREATE TABLE {table} (k text PRIMARY KEY, c bigint, m bigint)".encode()
        )
    result = run_flink("q", tmp_path, bridge=["counts"])
    assert result.state == "FINISHED"
    assert sum("is bridged" in note for note in result.notes) == 2
    assert "files is bridged" in " ".join(explain("q", tmp_path).notes)
    written = pq.read_table(tmp_path / "out").to_pylist()
    assert sorted(row["n"] for row in written) == list(range(1, 301))
    wanted = {}
    for row in rows:
        if row["k"] != "k3":
            count, _ = wanted.get(row["k"], (0, 0))
            wanted[row["k"]] = (count + 1, row["n"])
    with psycopg.connect(**at) as connection:
        found = connection.execute(f"SELECT k, c, m FROM {table}".encode()).fetchall()
    assert {k: (c, m) for k, c, m in found} == wanted


def _postgres(endpoint: Endpoint) -> dict[str, str]:
    properties = endpoint.properties
    return {
        "host": endpoint.host,
        "port": str(endpoint.ports["sql"]),
        "user": properties["user"],
        "password": endpoint.secrets["password"],
        "dbname": properties["database"],
    }
