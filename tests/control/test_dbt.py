"""The warehouse: files from pipelines, a real dbt build of the taxi example, lineage."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tidemill.control.dbt.build import build
from tidemill.control.dbt.generate import generate
from tidemill.control.demo.folder import find_example
from tidemill.control.init import init
from tidemill.control.lineage import Lineage, lineage
from tidemill.errors import ProjectError
from tidemill.interfaces.service import Endpoint

TRIPS = """
INSERT INTO public.nyc_taxi (tpep_pickup_datetime, tpep_dropoff_datetime, trip_distance,
  pu_location_id, do_location_id, payment_type, fare_amount, tip_amount, total_amount) VALUES
  ('2026-06-30 23:50', '2026-07-01 00:10', 2.5, 4, 7, 1, 10, 2, 12),
  ('2026-07-02 10:00', '2026-07-02 10:15', 1.0, 4, 4, 2, 6, 0, 6),
  ('2026-07-02 10:30', '2026-07-02 10:20', 1.0, 4, 4, 2, 6, 0, 6),
  ('2098-07-02 10:30', '2098-07-02 10:40', 1.0, 4, 4, 1, 6, 0, 6),
  ('2026-07-02 10:00', '2026-07-02 10:15', 1.0, 4, 4, 2, -6, 0, -6);
INSERT INTO public.zone_window VALUES
  ('2026-07-02 10:00', '2026-07-02 11:00', 4, 1, 1, 6, 1.0);
"""


@pytest.fixture
def warehouse(
    tmp_path: Path,
    postgres_endpoint: Endpoint,
    unique_name: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[Path, psycopg.Connection[tuple[object, ...]]]]:
    """The taxi example on a database of its own, with a few trips."""
    at, name = postgres_endpoint, unique_name("warehouse")
    login = {
        "host": at.host, "port": at.ports["sql"], "user": at.properties["user"],
        "password": at.secrets["password"], "autocommit": True,
    }  # fmt: skip
    monkeypatch.setenv("WAREHOUSE_PASSWORD", at.secrets["password"])
    project = tmp_path / "nyc_taxi"
    shutil.copytree(find_example("nyc_taxi"), project, ignore=shutil.ignore_patterns(".tidemill"))
    with (project / "tidemill.yaml").open("a") as file:
        file.write(
            f"\nconnections:\n  postgres: {{host: {at.host}, port: {at.ports['sql']}, "
            f"database: {name}, user: {at.properties['user']}, "
            "password: '${env:WAREHOUSE_PASSWORD}'}\n"
        )
    with psycopg.connect(**login, dbname=at.properties["database"]) as first:  # type: ignore[arg-type]
        first.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            with psycopg.connect(**login, dbname=name) as connection:  # type: ignore[arg-type]
                connection.execute((project / "sql" / "create_table.sql").read_bytes())
                copy = "COPY public.taxi_zone FROM STDIN (FORMAT csv, HEADER)"
                with connection.cursor().copy(copy) as out:
                    out.write((project / "data" / "taxi_zones.csv").read_bytes())
                connection.execute(TRIPS)
                yield project, connection
        finally:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            first.execute(drop)


def ways(found: Lineage, start: str) -> set[str]:
    """All that a node's rows reach."""
    reached, todo = set[str](), [start]
    while todo:
        node = todo.pop()
        if node not in reached:
            reached.add(node)
            todo += [end for begin, end in found.edges if begin == node]
    return reached


@pytest.mark.timeout(900)  # dbt starts twice, which is slow on a busy machine
def test_the_taxi_warehouse_is_built_and_its_lineage_shows(
    warehouse: tuple[Path, psycopg.Connection[tuple[object, ...]]], postgres_endpoint: Endpoint
) -> None:
    project, connection = warehouse
    lines: list[str] = []
    made = build(project, say=lines.append)
    assert made.success, lines
    assert {n.status for n in made.nodes} == {"success", "pass", "no-op"}
    facts = connection.execute(
        "SELECT date_day::text, payment, duration_min::int, total_amount::text "
        "FROM warehouse.fact_trips ORDER BY trip_id"
    ).fetchall()
    assert facts == [("2026-06-30", "card", 20, "12.00"), ("2026-07-02", "cash", 15, "6.00")]
    assert connection.execute("SELECT count(*) FROM warehouse.dim_date").fetchone() == (3,)
    zone = connection.execute("SELECT zone, trips FROM warehouse.zone_hours").fetchone()
    assert zone == ("Alphabet City", 1)

    reached = ways(lineage(project), "postgres:public.nyc_taxi")
    assert {
        "connector:postgresql-cdc", "topic:nyc_taxi.public.nyc_taxi", "pipeline:nyc_taxi",
        "postgres:public.zone_window", "postgres:warehouse.stg_zone_window",
        "postgres:warehouse.zone_hours", "postgres:warehouse.fact_trips",
    } <= reached  # fmt: skip
    password = postgres_endpoint.secrets["password"].encode()
    written = [path for path in project.rglob("*") if path.is_file()]
    assert not [path for path in written if password in path.read_bytes()]

    # A test that fails is a failure, and what stood before stands.
    connection.execute("DELETE FROM public.taxi_zone WHERE zone_id = 4")
    command = [sys.executable, "-m", "tidemill.cli", "dbt", "build", "--json", "-C", str(project)]
    command += ["--select", "dim_zone", "--select", "fact_trips"]
    failed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert failed.returncode == 1, failed.stderr
    nodes = json.loads(failed.stdout)["nodes"]
    broken = [n["id"] for n in nodes if n["status"] == "fail"]
    assert broken and "relationships_fact_trips_zone_id" in broken[0]
    assert connection.execute("SELECT count(*) FROM warehouse.fact_trips").fetchone() == (2,)


def test_a_new_project_gets_a_warehouse(tmp_path: Path) -> None:
    made = init(tmp_path / "p", "kafka-to-postgres", ("dbt",))
    assert "dbt/models/staging/stg_zone_minute.sql" in made.files
    staging = (tmp_path / "p/dbt/models/staging/stg_zone_minute.sql").read_text()
    assert '"revenue"' in staging and "source('tidemill', 'zone_minute')" in staging
    assert "env_var('TIDEMILL_POSTGRES_PASSWORD')" in (tmp_path / "p/dbt/profiles.yml").read_text()
    before = {path: path.read_text() for path in (tmp_path / "p/dbt").rglob("*.*")}
    generate(tmp_path / "p")
    assert {path: path.read_text() for path in before} == before
    with pytest.raises(ProjectError) as caught:
        init(tmp_path / "p", "minimal", ("dbt",))
    assert caught.value.code == "cli.not-empty"


def test_the_example_holds_what_is_generated() -> None:
    example = find_example("nyc_taxi")
    folder = example / "dbt" / "models" / "tidemill"
    before = {path.name: path.read_text() for path in folder.iterdir()}
    generate(example)
    assert {path.name: path.read_text() for path in folder.iterdir()} == before


def test_without_a_dbt_project_the_way_to_one_is_told(tmp_path: Path) -> None:
    init(tmp_path / "p")
    with pytest.raises(ProjectError) as caught:
        build(tmp_path / "p")
    assert caught.value.code == "dbt.no-project"
    assert "--with dbt" in (caught.value.hint or "")
