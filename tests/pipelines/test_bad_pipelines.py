"""Pipelines and files that are wrong: refused with the place and the way out, before any row."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pyarrow as pa
import pytest
from pipeline_flow import CLI, Flow, Postgres, check_accounting
from pyarrow import parquet

from tidemill.control.run import run
from tidemill.errors import ConnectorError, SqlError, TextWhere, TidemillError

TABLES = """CREATE TABLE orders (id BIGINT, amount DECIMAL(10, 2)) WITH ('connector' = 'datagen',
  'number-of-rows' = '5');
CREATE TABLE big (id BIGINT, amount DECIMAL(10, 2)) WITH ('connector' = 'blackhole');
"""
WRONG = [
    ("INSERT INTO big SELECT id, amount FRM orders;", "sql.syntax", "4:", None),
    ("INSERT INTO big SELECT id, amount FROM order_s;", "sql.unknown-table", "4:40", "`orders`"),
    ("INSERT INTO big SELECT id, amout FROM orders;", "sql.unknown-column", "4:28", "`amount`"),
    ("INSERT INTO bigg SELECT id, amount FROM orders;", "sql.unknown-table", "4:13", "`big`"),
    (
        "INSERT INTO big SELECT id, ROUNDD(amount, 1) FROM orders;",
        "sql.unknown-function",
        "4:28",
        "`ROUND`",
    ),
    ("INSERT INTO big SELECT id FROM orders;", "sql.sink-mismatch", "4:", None),
    ("INSERT INTO big SELECT amount, TRUE FROM orders;", "sql.sink-mismatch", "4:", None),
    (
        "CREATE TABLE x (id BIGINT) WITH ('connector' = 'kafak');",
        "sql.unknown-connector",
        "4:",
        "`kafka`",
    ),
    (
        "CREATE TABLE x (id BIGINT) WITH ('connector' = 'datagen', 'number-of-row' = '1');",
        "sql.bad-option",
        "4:",
        "`number-of-rows`",
    ),
]


@pytest.mark.parametrize(("text", "code", "place", "guess"), WRONG)
def test_a_wrong_pipeline_is_refused_with_its_place(
    tmp_path: Path, text: str, code: str, place: str, guess: str | None
) -> None:
    (tmp_path / "p.sql").write_text(TABLES + text)
    with pytest.raises(SqlError) as caught:
        run(str(tmp_path / "p.sql"))
    error = caught.value
    assert error.code == code
    assert isinstance(error.where, TextWhere)
    assert f":{place}" in str(error.where)
    assert "^" in error.where.snippet()
    if guess:
        assert f"Did you mean {guess}?" in (error.hint or "")
    # nothing was started, so nothing was made
    assert not (tmp_path / ".tidemill" / "pipelines").exists()


def test_the_command_says_it_in_one_screen_and_exits_with_1(tmp_path: Path) -> None:
    (tmp_path / "p.sql").write_text(TABLES + "INSERT INTO big SELECT id, amout FROM orders;")
    done = subprocess.run(
        [*CLI, "run", "p.sql"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "error[sql.unknown-column]" in done.stderr
    assert "p.sql:4:28" in done.stderr
    assert "^^^^^" in done.stderr
    assert "Did you mean `amount`?" in done.stderr
    assert "Traceback" not in done.stderr


# -- files


def files(tmp_path: Path, path: str = "in") -> str:
    return (
        f"CREATE TABLE f (id BIGINT, v STRING) WITH ('connector' = 'filesystem', "
        f"'path' = '{tmp_path / path}', 'format' = 'parquet');\n"
        f"CREATE TABLE o (id BIGINT, v STRING) WITH ('connector' = 'filesystem', "
        f"'path' = '{tmp_path / 'out'}', 'format' = 'json');\n"
        "INSERT INTO o SELECT id, v FROM f;"
    )


def write_parquet(folder: Path) -> None:
    """A whole file, one cut off, one with other columns, one that is none."""
    folder.mkdir()
    good = pa.table({"id": [1, 2], "v": ["a", "b"]})
    parquet.write_table(good, folder / "a-good.parquet")
    parquet.write_table(good, folder / "b-cut.parquet")
    whole = (folder / "b-cut.parquet").read_bytes()
    (folder / "b-cut.parquet").write_bytes(whole[: len(whole) // 2])
    parquet.write_table(pa.table({"id": ["x"], "w": [1]}), folder / "c-other.parquet")
    (folder / "d-text.parquet").write_text("id,v\n1,a\n")
    (folder / "e-empty.parquet").write_bytes(b"")
    parquet.write_table(good, folder / "f-good.parquet")


def test_parquet_files_that_do_not_fit_are_set_aside(tmp_path: Path) -> None:
    write_parquet(tmp_path / "in")
    (tmp_path / "p.sql").write_text(files(tmp_path))
    progress = run(str(tmp_path / "p.sql")).progress
    check_accounting(progress.counters)
    assert (progress.records, progress.rows_out, progress.dead_letters) == (8, 4, 4)
    letters = Flow(tmp_path, "p", "").file_letters()
    found = {Path(letter["partition"]).name: letter for letter in letters}
    assert {name: letter["code"] for name, letter in found.items()} == {
        "b-cut.parquet": "connector.bad-file",
        "c-other.parquet": "connector.schema-mismatch",
        "d-text.parquet": "connector.bad-file",
        "e-empty.parquet": "connector.bad-file",
    }
    other = found["c-other.parquet"]["message"]
    assert "`v` is missing" in other
    assert "`id` is string and not BIGINT" in other


@pytest.mark.parametrize(
    ("name", "code"),
    [("b-cut", "connector.bad-file"), ("c-other", "connector.schema-mismatch")],
)
def test_a_table_of_one_bad_file_stops(tmp_path: Path, name: str, code: str) -> None:
    write_parquet(tmp_path / "in")
    (tmp_path / "p.sql").write_text(files(tmp_path, f"in/{name}.parquet"))
    with pytest.raises(ConnectorError) as caught:
        run(str(tmp_path / "p.sql"))
    assert caught.value.code == code
    assert f"{name}.parquet" in str(caught.value.where)
    assert caught.value.hint


def test_in_the_mode_fail_a_bad_file_stops(tmp_path: Path) -> None:
    write_parquet(tmp_path / "in")
    text = files(tmp_path).replace("'parquet')", "'parquet', 'error-handling.mode' = 'fail')")
    (tmp_path / "p.sql").write_text(text)
    with pytest.raises(TidemillError) as caught:
        run(str(tmp_path / "p.sql"))
    assert caught.value.code == "connector.bad-file"
    assert "b-cut.parquet" in str(caught.value.where)


# -- a sink whose columns do not fit


@pytest.mark.servers
@pytest.mark.parametrize(
    ("there", "says"),
    [
        ("id BIGINT PRIMARY KEY, other TEXT", "`v`"),
        ("id BIGINT PRIMARY KEY, v DATE", "`v`"),
        ("id BIGINT, v INT", "id"),
        ("id BIGINT PRIMARY KEY, v INT, must INT NOT NULL", "`must`"),
        (None, "has no table"),
    ],
)
def test_a_postgres_table_that_does_not_fit(
    flow: Flow, postgres: Postgres, there: str | None, says: str
) -> None:
    if there is not None:
        postgres.create(there)
    columns = "id BIGINT, v INT, PRIMARY KEY (id) NOT ENFORCED"
    topic = flow.topic("in", '{"id": 1, "v": 2}')
    with pytest.raises(ConnectorError) as caught:
        flow.run(
            flow.kafka("s", "id BIGINT, v INT", topic),
            postgres.jdbc("o", columns),
            "INSERT INTO o SELECT id, v FROM s;",
        )
    error = caught.value
    missing = there is None
    assert error.code == ("connector.table-missing" if missing else "connector.schema-mismatch")
    assert says in error.render()
    assert postgres.table in error.render() or "table o" in str(error.where)
    assert error.hint
    assert not error.retryable
