"""`tidemill eject`: projects that hold no values and need no Tidemill."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tidemill.control.check import check
from tidemill.control.eject import eject
from tidemill.errors import UserError

PIPELINE = """CREATE TABLE trips (id INT, zone STRING) WITH (
  'connector' = 'kafka', 'topic' = 'trips',
  'properties.bootstrap.servers' = '${server:kafka.bootstrap}',
  'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset', 'format' = 'json',
  'error-handling.mode' = 'fail');
CREATE TABLE totals (zone STRING, n BIGINT, PRIMARY KEY (zone) NOT ENFORCED) WITH (
  'connector' = 'jdbc', 'url' = '${server:postgres.jdbc-url}', 'table-name' = 'totals',
  'username' = 'me', 'password' = '${secret:postgres.password}');
INSERT INTO totals SELECT zone, COUNT(*) FROM trips WHERE zone <> '${var:not}' GROUP BY zone;
"""
PROJECT = (
    "name: shop\nservers: {kafka: , postgres: }\npipelines: [totals.sql]\nvariables: {not: it's}\n"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "tidemill.yaml").write_text(PROJECT)
    (tmp_path / "totals.sql").write_text(PIPELINE)
    return tmp_path


def test_spark_gets_a_program_its_jars_and_how_to_run_it(project: Path) -> None:
    made = eject("totals", "spark", project / "out", project)
    text = (project / "out/totals.py").read_text()
    ast.parse(text)
    assert made.variables == {
        "KAFKA_BOOTSTRAP": "server:kafka.bootstrap",
        "POSTGRES_JDBC_URL": "server:postgres.jdbc-url",
        "POSTGRES_PASSWORD": "secret:postgres.password",
    }
    assert "tidemill" not in text.partition('"""\n')[2].replace('f"tidemill_{uuid', "")
    assert "psycopg" in (project / "out/requirements.txt").read_text()
    jars = (project / "out/jars.txt").read_text().split()
    assert {jar.split(":")[1] for jar in jars} >= {"spark-sql-kafka-0-10_2.13", "postgresql"}
    readme = (project / "out/README.md").read_text()
    assert "spark-submit" in readme
    assert "export POSTGRES_PASSWORD=..." in readme


def test_flink_gets_sql_that_is_filled_from_the_environment(project: Path) -> None:
    made = eject("totals", "flink", project / "out", project)
    assert set(made.variables) == {
        "KAFKA_BOOTSTRAP", "NOT", "POSTGRES_JDBC_URL", "POSTGRES_PASSWORD",
    }  # fmt: skip
    text = (project / "out/totals.sql").read_text()
    assert "error-handling.mode" not in text
    values = {name: f"the-{name.lower()}" for name in made.variables} | {"NOT": "it's"}
    run = [sys.executable, "render.py", "totals.sql"]
    outcome = subprocess.run(
        run, cwd=project / "out", env={**os.environ, **values}, capture_output=True, check=True
    )
    assert b"'the-postgres_password'" in outcome.stdout
    assert b"<> 'it''s'" in outcome.stdout
    requests = subprocess.run(
        [*run, "--json"], cwd=project / "out", env={**os.environ, **values},
        capture_output=True, check=True,
    )  # fmt: skip
    assert len(requests.stdout.splitlines()) == 4
    lacking = subprocess.run(run, cwd=project / "out", capture_output=True, check=False)
    assert lacking.returncode != 0


def test_a_folder_with_anything_in_it_is_left_alone(project: Path) -> None:
    with pytest.raises(UserError, match="not an empty folder"):
        eject("totals", "spark", project, project)


def test_check_says_what_spark_refuses_and_how_often_it_writes(project: Path) -> None:
    (result,) = check(["totals"], project, engine="spark")
    assert result.ok
    (project / "totals.sql").write_text(PIPELINE.replace("zone, COUNT", "INITCAP(zone), COUNT"))
    (result,) = check(["totals"], project, engine="spark")
    assert [error.code for error in result.errors] == ["runner.not-on-spark"]
