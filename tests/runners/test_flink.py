"""The Flink runner: texts cut and adapted, causes found, and a real cluster that goes on."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

from tidemill.control.run_flink import run_flink
from tidemill.errors import ComponentError, TextWhere, TidemillError, UserError
from tidemill.interfaces.service import Endpoint
from tidemill.model import RowKind
from tidemill.runners.flink import Gateway, as_one_job, cut
from tidemill.runners.flink.causes import root_cause

TEXT = """-- a ; in a comment
CREATE TABLE a (x STRING DEFAULT_NO) WITH ('connector' = 'kafka', 'topic' = 'it''s; me',
  'late-handling.mode' = 'drop');
SET 'k' = 'v;w';
EXECUTE STATEMENT SET BEGIN
  INSERT INTO b SELECT 1;
  INSERT INTO c SELECT 2;
END;
INSERT INTO d SELECT 3
"""


def test_a_text_is_cut_at_its_statements() -> None:
    script = cut(TEXT, "f.sql")
    assert [s.kind for s in script.statements] == ["CREATE", "SET", "EXECUTE", "INSERT"]
    assert "'topic' = 'it''s; me'" in script.statements[0].text
    assert "late-handling" not in script.statements[0].text
    assert script.notes == (
        "`late-handling.mode` of the table a is left out: Flink does not know it",
    )
    assert script.statements[2].inserts == ("INSERT INTO b SELECT 1", "INSERT INTO c SELECT 2")


def test_a_model_is_refused_at_its_place() -> None:
    with pytest.raises(UserError) as refused:
        cut("\nCREATE TEMPORARY MODEL m INPUT (a INT) OUTPUT (b INT) WITH ('k' = 'v')", "f.sql")
    assert refused.value.code == "runner.no-model"
    assert isinstance(refused.value.where, TextWhere)
    assert refused.value.where.line == 2


def test_functions_in_python_are_noticed() -> None:
    assert cut("CREATE TEMPORARY FUNCTION f AS 'm.f' LANGUAGE PYTHON", "f.sql").uses_python
    assert not cut("CREATE TABLE t (language_ INT) WITH ('connector' = 'print')", "f").uses_python


def test_all_inserts_become_one_job() -> None:
    statements = as_one_job(cut(TEXT, "f.sql").statements)
    assert [s.kind for s in statements] == ["CREATE", "SET", "EXECUTE"]
    assert statements[-1].text.split("\n") == [
        "EXECUTE STATEMENT SET BEGIN",
        "INSERT INTO b SELECT 1;",
        "INSERT INTO c SELECT 2;",
        "INSERT INTO d SELECT 3;",
        "END",
    ]


def test_a_connector_that_flink_lacks_is_refused_at_its_place() -> None:
    with pytest.raises(UserError) as refused:
        cut("\nCREATE TABLE t (x INT) WITH ('connector' = 'redis')", "f.sql")
    assert refused.value.code == "runner.no-connector"
    assert isinstance(refused.value.where, TextWhere)
    assert refused.value.where.line == 2


def test_the_innermost_cause_counts() -> None:
    cause = root_cause(
        "<Exception on server side:\norg.a.OuterException: outer\n\tat org.a.B.c(B.java:1)\n"
        "Caused by: org.a.Middle: From line 2, column 3 to line 2, column 6: Column 'x' not found\n"
        "\tat org.a.B.c(B.java:2)\n\t... 7 more\n"
        "Caused by: org.a.Inner: Column 'x' not found\nbelow\n\tat org.a.B.c(B.java:3)\n"
    )
    assert (cause.message, cause.more) == ("Column 'x' not found", "below")
    assert cause.place == (2, 3, 2, 6)


@pytest.mark.servers
def test_rows_come_typed_and_errors_with_their_place(stack: object) -> None:
    gateway = _gateway(stack)
    assert gateway.version().startswith("2.3")
    with gateway.session({"restart-strategy.type": "none"}) as session:
        (counted,) = cut(
            "SELECT k, COUNT(*) FROM (VALUES (1), (1)) AS t(k) GROUP BY k", "f"
        ).statements
        result = session.execute(counted)
        assert [str(column.type) for column in result.columns] == [
            "INT NOT NULL",
            "BIGINT NOT NULL",
        ]
        assert result.rows[-1].kind in (RowKind.INSERT, RowKind.UPDATE_AFTER)
        assert result.rows[-1].values == (1, 2)
        (wrong,) = cut("SELECT\n  nope", "f.sql").statements
        with pytest.raises(UserError) as refused:
            session.execute(wrong)
        assert "Column 'nope' not found" in refused.value.message
        assert str(refused.value.where) == "f.sql:2:3"
        (fails,) = cut("SELECT CAST(k AS INT) FROM (VALUES ('x')) AS t(k)", "f.sql").statements
        with pytest.raises(ComponentError, match="Invalid character") as failed:
            session.execute(fails)
        assert failed.value.code == "runner.job-failed"


@pytest.mark.servers
def test_nobody_there() -> None:
    with pytest.raises(TidemillError) as error:
        Gateway("http://127.0.0.1:1").version()
    assert error.value.code == "runner.unreachable"


@pytest.mark.servers
def test_a_job_that_was_stopped_goes_on(
    stack: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    jobmanager: Endpoint = stack.endpoint("flink-jobmanager")  # type: ignore[attr-defined]
    (tmp_path / "tidemill.yaml").write_text(
        "name: counting\npipelines: [count.sql]\nconnections:\n"
        f"  flink: {{gateway-url: '{_gateway(stack).rest.url}', "
        f"jobmanager-url: '{jobmanager.properties['url']}'}}\n"
    )
    (tmp_path / "count.sql").write_text(
        "CREATE TABLE s (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '50',\n"
        "  'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '400');\n"
        f"CREATE TABLE o (n BIGINT) WITH ('connector' = 'filesystem', 'path' = '{out}',\n"
        "  'format' = 'csv');\nINSERT INTO o SELECT n FROM s;\n"
    )
    asked = threading.Event()
    monkeypatch.setattr("tidemill.control.run_flink._stop_on_signals", _Signals(asked))
    threading.Timer(4, asked.set).start()
    first = run_flink("count", tmp_path)
    assert (first.state, first.restored_from) == ("FINISHED", None)
    assert first.savepoint is not None
    some = _numbers(out)
    assert 0 < len(some) < 400
    asked.clear()
    second = run_flink("count", tmp_path)
    assert second.restored_from == first.savepoint
    assert second.savepoint is None
    assert _numbers(out) == list(range(1, 401))
    assert (
        json.loads((tmp_path / ".tidemill/pipelines/count/flink.json").read_text())["savepoint"]
        is None
    )


class _Signals:
    """Stands in for signals, which only a main thread gets."""

    def __init__(self, asked: threading.Event) -> None:
        self._asked = asked

    def __call__(self) -> _Signals:
        return self

    def __enter__(self) -> threading.Event:
        return self._asked

    def __exit__(self, *_: object) -> None:
        return None


def _gateway(stack: object) -> Gateway:
    stack.endpoint("flink-taskmanager")  # type: ignore[attr-defined]
    return Gateway(stack.endpoint("flink-gateway").properties["url"])  # type: ignore[attr-defined]


def _numbers(folder: Path) -> list[int]:
    time.sleep(0.2)
    files = [f for f in folder.glob("*") if not f.name.startswith((".", "_"))]
    return sorted(int(line) for file in files for line in file.read_text().split())
