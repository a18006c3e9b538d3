"""Whole pipelines into Redis: killed and resumed, and reconciled afterwards."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from tidemill.control.reconcile.prove import reconcile
from tidemill.control.run import run
from tidemill.errors import UserError

pytestmark = pytest.mark.servers

WITH = "'url' = '${env:R_URL}', 'username' = '${env:R_USER}', 'password' = '${env:R_PASSWORD}'"


@pytest.fixture
def env(server, monkeypatch):
    given = {"R_URL": server.url, "R_USER": server.user, "R_PASSWORD": server.password}
    for key, value in given.items():
        monkeypatch.setenv(key, value)
    return given


def test_killed_in_the_middle_nothing_differs(server, env, tmp_path):
    spec = importlib.util.spec_from_file_location("kills", Path(__file__).with_name("kills.py"))
    kills = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(kills)
    assert kills.run(server.client, env, tmp_path, rows=6_000, rate=6_000, kills=2) == []


@pytest.fixture
def project(env, tmp_path, name):
    (tmp_path / "tidemill.yaml").write_text(f"name: {name}\n")
    rows = [{"g": f"g{i % 7}", "v": i, "p": i / 4} for i in range(100)]
    (tmp_path / "in.json").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "p.sql").write_text(
        "CREATE TABLE e (g STRING, v BIGINT, p DOUBLE) WITH ('connector' = 'filesystem',"
        " 'path' = 'in.json', 'format' = 'json');"
        "CREATE TABLE s (g STRING, n BIGINT, total DECIMAL(10, 2), m TIMESTAMP(3),"
        f" PRIMARY KEY (g) NOT ENFORCED) WITH ('connector' = 'redis', {WITH},"
        f" 'key' = '{name}:{{g}}');"
        "INSERT INTO s SELECT g, COUNT(*), CAST(SUM(p) AS DECIMAL(10, 2)),"
        " MAX(TO_TIMESTAMP_LTZ(v, 0)) FROM e WHERE v < 90 GROUP BY g HAVING COUNT(*) > 12;"
    )
    return tmp_path


def test_reconcile_finds_every_kind_of_difference(server, project, name):
    run(str(project / "p.sql"), project)
    found = reconcile(str(project / "p.sql"), project)
    assert found.agrees, found.as_dict()
    (sink,) = found.sinks
    assert sink.found.rows == sink.expected.rows == 6
    server.client.hset(f"{name}:g1", "n", "99")
    server.client.delete(f"{name}:g2")
    server.client.hset(f"{name}:new", mapping={"g": "new", "n": "1"})
    server.client.hset(f"{name}:g3", "m", "never")
    found = reconcile(str(project / "p.sql"), project)
    (sink,) = found.sinks
    assert not found.agrees
    assert sink.unreadable == 1
    assert [row["g"] for row in sink.differences.missing_rows] == ["g2", "g3"]
    assert [row["g"] for row in sink.differences.unexpected_rows] == ["new"]
    assert sink.differences.different_rows == ({"g": "g1", "n": (13, 99)},)
    with pytest.raises(UserError):
        reconcile(str(project / "p.sql"), project, sinks=["x"])


def test_reconcile_a_copy_with_its_source(server, env, tmp_path, name, postgres_endpoint):
    import psycopg

    table = f"t_{name}"
    url = f"jdbc:postgresql://{postgres_endpoint.host}:{postgres_endpoint.ports['sql']}"
    url += f"/{postgres_endpoint.properties['database']}"
    with psycopg.connect(
        host=postgres_endpoint.host, port=postgres_endpoint.ports["sql"], autocommit=True,
        user=postgres_endpoint.properties["user"],
        password=postgres_endpoint.secrets["password"],
        dbname=postgres_endpoint.properties["database"],
    ) as connection:  # fmt: skip
        connection.execute(f"CREATE TABLE {table} (id int PRIMARY KEY, v text, extra int)")
        connection.execute(f"INSERT INTO {table} SELECT i, 'v' || i FROM generate_series(1, 50) i")
        (tmp_path / "tidemill.yaml").write_text(f"name: {name}\n")
        login = (
            f"'url' = '{url}', 'username' = '{postgres_endpoint.properties['user']}',"
            f" 'password' = '{postgres_endpoint.secrets['password']}'"
        )
        (tmp_path / "copy.sql").write_text(
            f"CREATE TABLE src (id INT, v STRING, extra INT) WITH ('connector' = 'jdbc', {login},"
            f" 'table-name' = '{table}');"
            f"CREATE TABLE dst (id INT, v STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ("
            f"'connector' = 'redis', {WITH}, 'key' = '{name}:{{id}}');"
            f"CREATE TABLE back (id INT, v STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ("
            f"'connector' = 'jdbc', {login}, 'table-name' = '{table}_copy',"
            " 'sink.create-table' = 'true');"
            "INSERT INTO dst SELECT id, v FROM src; INSERT INTO back SELECT id, v FROM src;"
        )
        run(str(tmp_path / "copy.sql"), tmp_path)
        assert reconcile(str(tmp_path / "copy.sql"), tmp_path, against="src").agrees
        assert reconcile(str(tmp_path / "copy.sql"), tmp_path).agrees
        connection.execute(f"UPDATE {table} SET v = NULL WHERE id = 7")
        (one,) = reconcile(str(tmp_path / "copy.sql"), tmp_path, sinks=["dst"], against="src").sinks
        assert one.differences.different_rows == ({"id": 7, "v": (None, "v7")},)
        connection.execute(f"DROP TABLE {table}, {table}_copy")
