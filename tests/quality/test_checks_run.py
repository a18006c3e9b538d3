"""The use cases: suites on files and on Postgres, inside a pipeline, stored, listed, reported."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tidemill.cli.main import run as run_line
from tidemill.control.check import check
from tidemill.control.checks.run import run_checks
from tidemill.control.checks.stream import refuse_on_flink
from tidemill.control.checks.suites import list_suites
from tidemill.control.run import run
from tidemill.errors import ComponentError, UserError
from tidemill.interfaces.service import Endpoint
from tidemill.project import load_project

SUITE = """
on:
%s
expectations:
  - type: expect_column_values_to_be_between
    kwargs: {column: fare, min_value: 0}
    action: dead-letter
  - type: expect_column_values_to_be_unique
    kwargs: {column: id}
    severity: warning
"""
PIPELINE = """
CREATE TABLE trips (id BIGINT, fare DECIMAL(10, 2)) WITH
  ('connector' = 'filesystem', 'path' = 'data', 'format' = 'json');
CREATE TABLE paid (id BIGINT, fare DECIMAL(10, 2)) WITH
  ('connector' = 'filesystem', 'path' = 'paid', 'format' = 'parquet');
INSERT INTO paid SELECT * FROM trips;
"""
ROWS = [{"id": 1, "fare": "1.50"}, {"id": 2, "fare": "-2.00"}, {"id": 2, "fare": "3.00"}]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "tidemill.yaml").write_text("name: p\npipelines: [trips.sql]\n")
    (tmp_path / "trips.sql").write_text(PIPELINE)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.jsonl").write_text("".join(json.dumps(r) + "\n" for r in ROWS))
    (tmp_path / "checks").mkdir()
    return tmp_path


def cli(*arguments: str) -> int:
    before = signal.getsignal(signal.SIGTERM)
    try:
        return run_line(arguments)
    finally:
        signal.signal(signal.SIGTERM, before)


def suite(project: Path, *targets: str, name: str = "trips") -> None:
    lines = "\n".join(f"  - {target}" for target in targets)
    (project / "checks" / f"{name}.yaml").write_text(SUITE % lines)


def test_one_suite_in_the_stream_and_on_what_it_wrote(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite(project, "{pipeline: trips, table: trips}", "{file: paid/*}")
    result = run("trips", project)
    (found,) = result.checks
    assert (found.results[0].elements, found.results[0].unexpected) == (3, 1)
    assert any("needs the whole table" in note for note in result.notes)
    letters = [
        json.loads(line)
        for file in (project / ".tidemill/pipelines/trips/dead-letter").glob("part-*")
        for line in file.read_text().splitlines()
    ]
    assert [letter["message"] for letter in letters] == [
        "expect_column_values_to_be_between(column: fare, min_value: 0), suite trips"
    ]
    assert (letters[0]["stage"], letters[0]["code"]) == ("check", "quality.unexpected-row")

    report = project / "report.html"
    arguments = ["checks", "run", "-C", str(project), "--json"]
    assert cli(*arguments, "--report", str(report)) == 0
    (on_file,) = json.loads(capsys.readouterr().out)["results"]
    assert [one["success"] for one in on_file["results"]] == [True, True]
    assert on_file["row_count"] == 2
    assert "expect_column_values_to_be_unique" in report.read_text()
    last = {str(t): r and r["success"] for one in list_suites(project) for t, r in one.last.items()}
    assert last == {"stream trips.trips": False, "file paid/*": True}


def test_a_failing_suite_says_so(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "data" / "b.jsonl").write_text('{"id": 7, "fare": -1, "note": "<b>"}\n')
    suite(project, "{file: data/b.jsonl}")
    report = project / "report.html"
    assert cli("checks", "run", "-C", str(project), "--report", str(report)) == 1
    said = capsys.readouterr()
    assert "trips on file data/b.jsonl: failed, 1 of 2 met" in said.out
    assert "1 of 1 rows are unexpected" in said.err
    assert "&lt;b&gt;" in report.read_text()  # the row itself, escaped


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("no.parquet", b"PAR1 half an upload", "cannot be read"),
        ("empty.csv", b"", "has no bytes"),
        ("other.csv", b"x,y\n1,2\n", None),
        ("notes.txt", b"x", "not one kind of file"),
    ],
)
def test_files_that_are_not_as_expected(
    project: Path, name: str, content: bytes, reason: str | None
) -> None:
    (project / name).write_bytes(content)
    suite(project, f"{{file: {name}}}", "{file: nothing/*.csv}")
    one, nothing = run_checks(folder=project).results
    assert not one.success
    if reason is None:
        assert "no column `fare`" in (one.results[0].exception or "")
    else:
        assert reason in (one.exception or "")
    assert nothing.exception == "no file is at nothing/*.csv"


def test_large_values_of_parquet_stay_exact(project: Path) -> None:
    rows = pa.table({"id": pa.array([2**63 - 1, 2**63 - 2]), "fare": pa.array([1.0, None])})
    pq.write_table(rows, project / "big.parquet")
    suite(project, "{file: big.parquet}")
    assert run_checks(folder=project).success


def test_a_table_in_postgres(
    project: Path,
    postgres_endpoint: Endpoint,
    unique_name: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = unique_name("checked")
    at = postgres_endpoint
    monkeypatch.setenv("CHECKS_PASSWORD", at.secrets["password"])
    (project / "tidemill.yaml").write_text(
        f"name: p\nconnections:\n  db: {{host: {at.host}, port: {at.ports['sql']}, "
        f"database: {at.properties['database']}, user: {at.properties['user']}, "
        "password: '${env:CHECKS_PASSWORD}'}\n"
    )
    suite(project, f"{{connection: db, table: public.{table}}}", "{connection: db, table: no_such}")
    login = {"host": at.host, "port": at.ports["sql"], "user": at.properties["user"]}
    with psycopg.connect(
        **login, dbname=at.properties["database"], password=at.secrets["password"], autocommit=True
    ) as connection:
        connection.execute(f"CREATE TABLE {table} (id bigint, fare numeric(10,2), at timestamptz)")
        connection.execute(f"INSERT INTO {table} VALUES (1, 1.5, now()), (1, -2, null)")
        try:
            found, missing = run_checks(folder=project).results
        finally:
            connection.execute(f"DROP TABLE {table}")
    assert [(r.elements, r.unexpected) for r in found.results] == [(2, 1), (2, 2)]
    assert str(found.results[0].rows[0]["fare"]) == "-2.00"
    assert not missing.success
    assert "no_such" in (missing.exception or "")

    monkeypatch.setenv("CHECKS_PASSWORD", "wrong")
    with pytest.raises(ComponentError):
        run_checks(folder=project)


def test_flink_does_not_leave_out_what_acts_on_rows(project: Path) -> None:
    suite(project, "{pipeline: trips, table: trips}")
    with pytest.raises(UserError) as caught:
        refuse_on_flink(load_project(project), "trips")
    assert caught.value.code == "quality.not-on-flink"


def test_check_finds_what_is_wrong_with_suites(project: Path) -> None:
    suite(project, "{pipeline: trip, table: trips}")
    suite(project, "{pipeline: trips, table: trip}", name="other")
    errors = [error.message for result in check((), project) for error in result.errors]
    assert errors == [
        "the project has no pipeline `trip`",
        "the pipeline trips declares no table `trip`",
    ]
