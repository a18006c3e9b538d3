"""The Flink runner: texts cut and adapted, causes found, and a real cluster that goes on."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

from tidemill.control.flink_jobs import (
    Stopped,
    cancel_job,
    job_status,
    list_jobs,
    savepoint_job,
    stop_job,
)
from tidemill.control.flink_memory import FlinkMemory
from tidemill.control.flink_status import pipelines_on_flink
from tidemill.control.run_flink import run_flink
from tidemill.errors import ComponentError, TextWhere, TidemillError, UserError
from tidemill.interfaces.service import Endpoint
from tidemill.model import RowKind
from tidemill.project import load_project
from tidemill.runners.flink import Gateway, Job, as_one_job, cut
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


def test_a_history_before_a_topic_is_refused_at_its_place() -> None:
    options = "'connector' = 'kafka', 'scan.history.table' = 'past'"
    with pytest.raises(UserError) as refused:
        cut(f"\nCREATE TABLE t (x INT) WITH ({options})", "f.sql")
    assert refused.value.code == "runner.no-history"
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


def test_a_point_that_was_removed_is_missed(tmp_path: Path) -> None:
    memory = FlinkMemory(tmp_path / "p")
    assert memory.restart_point() is None
    there = tmp_path / "chk-1"
    there.mkdir()
    (there / "_metadata").touch()
    memory.keep(job_id="1", savepoint=(tmp_path / "gone").as_uri(), checkpoint=there.as_uri())
    assert FlinkMemory(tmp_path / "p").restart_point() == there.as_uri()
    memory.keep(checkpoint=None)
    with pytest.raises(UserError) as missing:
        FlinkMemory(tmp_path / "p").restart_point()
    assert missing.value.code == "runner.savepoint-missing"
    assert "gone" in missing.value.message
    memory.keep(savepoint="s3://bucket/savepoint-1")
    assert memory.restart_point() == "s3://bucket/savepoint-1"
    memory.forget()
    assert memory.restart_point() is None


@pytest.mark.servers
def test_a_job_that_was_stopped_goes_on(stack: object, tmp_path: Path) -> None:
    out = tmp_path / "out"
    jobmanager: Endpoint = stack.endpoint("flink-jobmanager")  # type: ignore[attr-defined]
    (tmp_path / "tidemill.yaml").write_text(
        "name: counting\npipelines: [count.sql]\nconnections:\n"
        f"  flink: {{gateway-url: '{_gateway(stack).rest.url}', "
        f"jobmanager-url: '{jobmanager.properties['url']}'}}\n"
    )
    (tmp_path / "count.sql").write_text(
        "CREATE TABLE s (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '50',\n"
        "  'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '600');\n"
        f"CREATE TABLE o (n BIGINT) WITH ('connector' = 'filesystem', 'path' = '{out}',\n"
        "  'format' = 'csv');\nINSERT INTO o SELECT n FROM s;\n"
    )
    seen: list[Job] = []
    steered: list[Stopped] = []

    def steer() -> None:
        """As another process would, by the pipeline's name."""
        steered.append(savepoint_job(tmp_path, "count"))
        seen.append(job_status(tmp_path, "counting.count"))
        steered.append(stop_job(tmp_path, "count"))

    told: list[Job] = []
    steering = threading.Thread(target=steer)

    def watch(job: Job) -> None:
        told.append(job)
        if job.metrics is not None and steering.ident is None:
            steering.start()

    first = run_flink("count", tmp_path, watch=watch)
    steering.join()
    assert (first.state, first.restored_from) == ("FINISHED", None)
    assert [one.job.id for one in steered] == [first.job_id, first.job_id]
    assert first.savepoint == steered[1].savepoint != steered[0].savepoint
    assert any(job.metrics is not None for job in told)
    assert (seen[0].state, seen[0].failure) == ("RUNNING", None)
    (on_flink,) = pipelines_on_flink(load_project(tmp_path))
    assert (on_flink.pipeline, on_flink.savepoint) == ("count", first.savepoint)
    assert first.job_id in [job.id for job in list_jobs(tmp_path)]
    with pytest.raises(UserError, match="no running job `count`"):
        cancel_job(tmp_path, "count")
    some = _numbers(out)
    assert 0 < len(some) < 600
    second = run_flink("count", tmp_path)
    assert second.restored_from == first.savepoint
    assert second.savepoint is None
    assert _numbers(out) == list(range(1, 601))
    assert (
        json.loads((tmp_path / ".tidemill/pipelines/count/flink.json").read_text())["savepoint"]
        is None
    )


def _gateway(stack: object) -> Gateway:
    stack.endpoint("flink-taskmanager")  # type: ignore[attr-defined]
    return Gateway(stack.endpoint("flink-gateway").properties["url"])  # type: ignore[attr-defined]


def _numbers(folder: Path) -> list[int]:
    time.sleep(0.2)
    files = [f for f in folder.glob("*") if not f.name.startswith((".", "_"))]
    return sorted(int(line) for file in files for line in file.read_text().split())
