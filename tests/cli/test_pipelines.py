"""check, explain, run and sql through the real program, without servers."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tidemill.control.init import init

Tidemill = Callable[..., subprocess.CompletedProcess[str]]
NUMBERS = (
    "CREATE TABLE numbers (id BIGINT) WITH ('connector'='datagen', 'number-of-rows'='{rows}', "
    "'fields.id.kind'='sequence', 'fields.id.start'='1', 'fields.id.end'='{rows}');\n"
)
ENDLESS = "CREATE TABLE s (id BIGINT) WITH ('connector'='datagen', 'rows-per-second'='50');\n"


@pytest.fixture
def minimal(tmp_path: Path) -> Path:
    init(tmp_path / "shop")
    return tmp_path / "shop"


@pytest.mark.parametrize("template", ["minimal", "kafka-to-postgres", "cdc"])
def test_a_new_project_passes_check_as_it_is(
    tidemill: Tidemill, tmp_path: Path, template: str
) -> None:
    made = tidemill("init", "a b", "--template", template, "--json")
    assert made.returncode == 0
    result = json.loads(made.stdout)
    assert result["name"] == "a-b"
    assert {"tidemill.yaml", "README.md", ".gitignore"} <= set(result["files"])
    checked = tidemill("check", "--json", cwd=tmp_path / "a b")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    report = json.loads(checked.stdout)
    assert report["ok"]
    assert len(report["results"]) > 1
    again = tidemill("init", "a b", "--template", template)
    assert again.returncode == 1
    assert "nothing was written" in again.stderr


def test_every_file_of_a_project_is_checked_by_path_too(tidemill: Tidemill, minimal: Path) -> None:
    done = tidemill("check", "sql/look.sql", cwd=minimal)
    assert done.returncode == 0
    assert done.stdout == "sql/look.sql: ok\n"


def test_check_shows_every_error_with_its_place(tidemill: Tidemill, tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_text(
        NUMBERS.format(rows=5)
        + "CREATE TABLE o (id BIGINT) WITH ('connector'='pront');\n"
        + "CREATE TABLE p (id BIGINT) WITH ('connector'='print');\n"
        + "INSERT INTO p SELECT idd FROM numbers;\n"
        + "INSERT INTO p SELECT id FROM number;\n"
    )
    done = tidemill("check", "q.sql")
    assert done.returncode == 1
    assert done.stdout == "q.sql: 3 errors\n"
    for expected in ("q.sql:2:", "q.sql:4:22", "q.sql:5:30", "^^^", "Did you mean `numbers`?"):
        assert expected in done.stderr
    report = json.loads(tidemill("check", "q.sql", "--json").stdout)
    assert not report["ok"]
    assert [e["where"]["line"] for e in report["results"][0]["errors"]] == [2, 4, 5]


def test_a_wrong_project_file_is_shown(tidemill: Tidemill, tmp_path: Path) -> None:
    (tmp_path / "tidemill.yaml").write_text("pipelnes: []\n")
    done = tidemill("check")
    assert done.returncode == 1
    assert "--> tidemill.yaml:1:1" in done.stderr
    assert "Did you mean `pipelines`?" in done.stderr


def test_explain_as_text_and_data(tidemill: Tidemill, minimal: Path) -> None:
    text = tidemill("explain", "revenue", cwd=minimal)
    assert text.returncode == 0, text.stderr
    assert "TumbleAggregate" in text.stdout
    assert "SELECT" not in text.stdout
    assert "SELECT" in tidemill("explain", "revenue", "--sql", cwd=minimal).stdout
    data = json.loads(tidemill("explain", "revenue", "--json", cwd=minimal).stdout)
    assert set(data) == {"pipeline", "plan", "text", "warnings", "notes"}
    assert data["plan"]["outputs"]


def test_a_minimal_project_runs_to_its_end_and_no_further(
    tidemill: Tidemill, minimal: Path
) -> None:
    first = tidemill("run", "revenue", cwd=minimal)
    assert first.returncode == 0, first.stderr
    assert first.stdout == ""
    assert "40 rows in" in first.stderr

    def results() -> list[str]:
        files = [p for p in (minimal / "output/revenue").rglob("*") if p.is_file()]
        shown = [p for p in files if not any(part.startswith(".") for part in p.parts[-3:])]
        return sorted(line for p in shown for line in p.read_text().splitlines())

    rows = [json.loads(line) for line in results()]
    assert sum(row["orders"] for row in rows) == 40
    again = tidemill("run", "--json", cwd=minimal)
    assert again.returncode == 0, again.stderr
    assert [json.loads(line) for line in results()] == rows
    last = json.loads(again.stdout.splitlines()[-1])
    assert last["type"] == "result"
    assert (last["rows_in"], last["rows_late"], last["rows_rejected"]) == (40, 0, 0)
    assert (minimal / ".tidemill").stat().st_mode & 0o777 == 0o700
    log = (minimal / ".tidemill/logs/pipeline-revenue.jsonl").read_text().splitlines()
    assert json.loads(log[0])["message"] == "pipeline revenue starts"


def test_an_orderly_end_repeats_nothing_at_the_next_run(tidemill: Tidemill, tmp_path: Path) -> None:
    (tmp_path / "count.sql").write_text(
        "CREATE TABLE a (x INT) WITH ('connector' = 'datagen', 'number-of-rows' = '3',"
        " 'fields.x.kind' = 'sequence', 'fields.x.start' = '1', 'fields.x.end' = '3');\n"
        "CREATE TABLE b (x INT) WITH ('connector' = 'print');\n"
        "INSERT INTO b SELECT x FROM a;\n"
    )
    assert tidemill("run", "count.sql").stdout == "+I[1]\n+I[2]\n+I[3]\n"
    assert tidemill("run", "count.sql").stdout == ""


def test_bad_rows_are_counted_and_kept(tidemill: Tidemill, minimal: Path) -> None:
    with (minimal / "data/orders.jsonl").open("a") as file:
        file.write('not json\n{"order_id": "x", "product": "tea"}\n')
    done = tidemill("run", cwd=minimal)
    assert done.returncode == 0, done.stderr
    assert "2 rejected" in done.stderr
    folder = minimal / ".tidemill/pipelines/revenue/dead-letter"
    files = [p for p in folder.rglob("*") if p.is_file() and ".tidemill" not in p.parts[-3:-1]]
    letters = [json.loads(line) for p in files for line in p.read_text().splitlines()]
    assert len(letters) == 2
    assert {letter["table"] for letter in letters} == {"orders"}
    assert all(letter["code"] and letter["message"] and letter["value"] for letter in letters)


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("run", "nope.sql"), 1, "there is no pipeline file nope.sql"),
        (("run", "revnue"), 1, "Did you mean `revenue`?"),
        (("run", "sql/look.sql"), 1, "tidemill sql -f"),
        (("explain", "revnue"), 1, "Did you mean `revenue`?"),
        (("sql", "-f", "nope.sql"), 1, "nope.sql cannot be read"),
        (("sql", "-e", "SELECT"), 1, "sql:1:"),
        (("sql", "-e", "SELECT 1 FROM nope"), 1, "unknown table `nope`"),
        (("run", "--project", "nowhere"), 1, "there is no folder nowhere"),
        (("topic", "list"), 1, "tidemill up kafka"),
        (("connector", "list"), 1, "tidemill up connect"),
        (("logs", "kafka"), 3, "tidemill up"),
        (("logs", "kafak"), 3, "Did you mean `kafka`?"),
        (("up",), 1, "names no servers"),
    ],
)
def test_what_is_wrong_is_said_with_a_way_out(
    tidemill: Tidemill, minimal: Path, arguments: tuple[str, ...], code: int, text: str
) -> None:
    done = tidemill(*arguments, cwd=minimal)
    assert text in done.stderr
    assert done.returncode == code
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_several_pipelines_need_a_name(tidemill: Tidemill, minimal: Path) -> None:
    (minimal / "pipelines/other.sql").write_text("")
    done = tidemill("run", cwd=minimal)
    assert done.returncode == 1
    assert "There are: other, revenue." in done.stderr


def test_status_and_down_without_any_server(tidemill: Tidemill, minimal: Path) -> None:
    done = tidemill("status", "--json", cwd=minimal)
    assert done.returncode == 0
    status = json.loads(done.stdout)
    assert status["running"] is False
    assert status["servers"] == []
    assert "tidemill up" in tidemill("status", cwd=minimal).stderr
    assert "No server was running." in tidemill("down", cwd=minimal).stderr


def test_doctor_gives_a_verdict_on_everything(tidemill: Tidemill, minimal: Path) -> None:
    report = json.loads(tidemill("doctor", "--json", cwd=minimal).stdout)
    names = {check["name"] for check in report["checks"]}
    assert {"python", "project", "state folder", "library duckdb"} <= names
    (minimal / "tidemill.yaml").write_text("nam: x\n")
    broken = tidemill("doctor", cwd=minimal)
    assert broken.returncode == 1
    assert "unknown key `nam`" in broken.stdout


def test_sql_gives_rows_as_text_and_as_json(tidemill: Tidemill) -> None:
    query = (
        "SELECT * FROM (VALUES (1, 'a', CAST(1.50 AS DECIMAL(10, 2)), "
        "TIMESTAMP '2026-01-05 09:00:00.120', CAST(NULL AS STRING))) AS t(i, s, d, ts, n)"
    )
    text = tidemill("sql", "-e", query)
    assert text.returncode == 0, text.stderr
    assert text.stdout.splitlines()[0].split() == ["i", "s", "d", "ts", "n"]
    assert "1.50" in text.stdout
    assert text.stderr == "1 row.\n"
    lines = tidemill("sql", "-e", query, "--json").stdout.splitlines()
    row = {"i": 1, "s": "a", "d": "1.50", "ts": "2026-01-05 09:00:00.120", "n": None}
    assert [json.loads(line) for line in lines] == [{"op": "+I", "row": row}]


def test_sql_gives_the_rows_of_several_selects(tidemill: Tidemill) -> None:
    """Each below its own columns, and as JSON with its number."""
    text = "SELECT 1 AS a, 'x' AS b; SELECT 'wider' AS c;"
    shown = tidemill("sql", "-e", text).stdout.split()
    assert shown.index("a") + 1 == shown.index("b")
    assert {"c", "wider", "1", "x"} <= set(shown)
    rows = [json.loads(line) for line in tidemill("sql", "-e", text, "--json").stdout.splitlines()]
    assert sorted((r["select"], *r["row"].values()) for r in rows) == [(1, 1, "x"), (2, "wider")]


def test_sql_reads_standard_input_and_files(tidemill: Tidemill, tmp_path: Path) -> None:
    text = NUMBERS.format(rows=3) + "SELECT id * 2 AS twice FROM numbers WHERE id > 1;"
    piped = tidemill("sql", "--json", stdin=text)
    assert [json.loads(x)["row"]["twice"] for x in piped.stdout.splitlines()] == [4, 6]
    (tmp_path / "q.sql").write_text(text)
    assert tidemill("sql", "-f", "q.sql", "--json").stdout == piped.stdout


def test_sql_inserts_and_leaves_no_state(tidemill: Tidemill, tmp_path: Path) -> None:
    text = (
        NUMBERS.format(rows=3)
        + "CREATE TABLE o (id BIGINT) WITH ('connector'='filesystem', 'path'='out', "
        + "'format'='json');\nINSERT INTO o SELECT id FROM numbers;"
    )
    done = tidemill("sql", "-e", text)
    assert done.returncode == 0, done.stderr
    assert "3 rows written." in done.stderr
    files = [path for path in (tmp_path / "out").iterdir() if path.is_file()]
    lines = [line for path in files for line in path.read_text().splitlines()]
    assert len(lines) == 3
    assert not [p for p in (tmp_path / ".tidemill/sql").rglob("*") if "checkpoint" in p.name]


def test_sql_show_describe_explain(tidemill: Tidemill) -> None:
    declared = NUMBERS.format(rows=3)
    assert "numbers" in tidemill("sql", "-e", declared + "SHOW TABLES;").stdout
    assert "BIGINT" in tidemill("sql", "-e", declared + "DESCRIBE numbers;").stdout
    explained = tidemill("sql", "-e", declared + "EXPLAIN SELECT id FROM numbers;")
    assert "numbers" in explained.stdout, explained.stderr
    wrong = tidemill("sql", "-e", declared + "DESCRIBE number;")
    assert wrong.returncode == 1
    assert "Did you mean `numbers`?" in wrong.stderr


@pytest.mark.parametrize("verb", ["sql", "run"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_endless_query_ends_in_order(tmp_path: Path, verb: str, number: signal.Signals) -> None:
    sink = "CREATE TABLE o (id BIGINT) WITH ('connector'='blackhole');\n"
    text = ENDLESS + (sink + "INSERT INTO o " if verb == "run" else "") + "SELECT id FROM s;"
    (tmp_path / "q.sql").write_text(text)
    arguments = ["sql", "-f", "q.sql"] if verb == "sql" else ["run", "q.sql", "--every-s", "0.2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tidemill.cli", *arguments, "--json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for _ in range(4):
        json.loads(process.stdout.readline())
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert all(json.loads(line) for line in out.splitlines())


def test_two_runs_of_one_pipeline_at_once_are_refused(tidemill: Tidemill, tmp_path: Path) -> None:
    sink = "CREATE TABLE o (id BIGINT) WITH ('connector'='blackhole');\n"
    (tmp_path / "q.sql").write_text(ENDLESS + sink + "INSERT INTO o SELECT id FROM s;")
    command = [sys.executable, "-m", "tidemill.cli", "run", "q.sql", "--json", "--every-s", "0.2"]
    first = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    try:
        assert first.stdout is not None
        first.stdout.readline()
        second = tidemill("run", "q.sql")
        assert second.returncode == 3
        assert f"process {first.pid}" in second.stderr
    finally:
        first.terminate()
        first.communicate(timeout=30)
    assert first.returncode == 0


def test_the_shell_in_a_terminal(tmp_path: Path) -> None:
    import pty
    import re
    import select

    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.environ.update({"TERM": "xterm", "COLUMNS": "120"})
        os.execv(sys.executable, [sys.executable, "-m", "tidemill.cli", "sql"])
    seen = ""

    def until(text: str, timeout_s: float = 20) -> None:
        nonlocal seen
        limit = time.monotonic() + timeout_s
        while text not in seen:
            assert time.monotonic() < limit, f"no {text!r} in {seen[-2000:]!r}"
            if select.select([fd], [], [], 0.2)[0]:
                piece = os.read(fd, 65536)
                if b"\x1b[6n" in piece:
                    os.write(fd, b"\x1b[1;1R")
                seen += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", piece.decode("utf-8", "replace"))

    def send(text: str) -> None:
        nonlocal seen
        seen = ""
        os.write(fd, text.encode())

    try:
        until("sql>")
        send("CREATE TABLE s (id BIGINT, who STRING) WITH ('connector'='datagen',\r")
        until("...>")
        send("'rows-per-second'='20', 'fields.who.length'='3');\r")
        until("OK.")
        send("SHOW TABLES;\r")
        until(" s")
        send("SELECT idd FROM s;\r")
        until("Did you mean `id`?")
        send("SELECT who FROM s;\r")
        until("---")
        time.sleep(1)
        send("\x03")
        until("rows.")
        send("SELECT wh\t")
        until("who")
        send("\x03")
        send("QUIT;\r")
        until("Bye.")
        assert os.waitpid(pid, 0)[1] == 0
        history = tmp_path / ".tidemill/sql_history"
        assert history.stat().st_mode & 0o077 == 0
        assert "SHOW TABLES" in history.read_text()
    finally:
        os.close(fd)
