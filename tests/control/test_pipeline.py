"""From a file to a plan: references, places of errors, secrets kept out, side tables."""

from pathlib import Path

import pytest

from tidemill.control.check import check
from tidemill.control.pipeline import compile_source, opened, resolve_sql
from tidemill.control.side_tables import DEAD_LETTER_TABLE, dead_letter_table, late_table
from tidemill.errors import Span, SqlError, TextWhere, TidemillError
from tidemill.model import Column, Schema, TableDescriptor
from tidemill.model import types as t
from tidemill.project import Project, bare_project, read_project

SINK = "CREATE TABLE o (id BIGINT) WITH ('connector'='blackhole');\n"
SOURCE = "CREATE TABLE s (id BIGINT) WITH ('connector'='datagen', 'number-of-rows'='${env:N}');\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return bare_project(tmp_path)


def test_references_work_in_any_string_and_quotes_are_safe(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("N", "5")
    monkeypatch.setenv("WHO", "o'hara' OR '1'='1")
    text = SOURCE + SINK + "INSERT INTO o SELECT id FROM s WHERE '${env:WHO}' = CAST(id AS STRING);"
    source = resolve_sql(project, text, "q.sql")
    assert "'number-of-rows'='5'" in source.text
    assert "'o''hara'' OR ''1''=''1'" in source.text
    assert compile_source(source, {}).plan.bounded


def test_an_error_is_shown_where_it_was_written(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("N", "1234567890")
    text = SOURCE + SINK + "INSERT INTO o SELECT id FROM s WHERE '${env:N}' = nope;"
    with pytest.raises(SqlError) as caught:
        compile_source(resolve_sql(project, text, "q.sql"), {})
    where = caught.value.where
    assert isinstance(where, TextWhere)
    assert where.text == text
    assert text[where.span.start : where.span.end] == "nope"


def test_an_error_inside_a_replaced_piece_covers_the_reference(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("N", "many")
    with pytest.raises(TidemillError) as caught:
        compile_source(resolve_sql(project, SOURCE + SINK, "q.sql"), {})
    assert isinstance(caught.value.where, TextWhere)
    assert "${env:N}" in caught.value.where.snippet()


@pytest.mark.parametrize("offset", range(0, 40, 3))
def test_offsets_before_and_after_pieces_are_kept(project: Project, offset: int) -> None:
    text = "ab '${env:X:-12345678901234567890}' cd '${env:Y:-}' ef"
    source = resolve_sql(project, text, "q.sql")
    where = TextWhere("q.sql", source.text, Span(len(source.text) - 2, len(source.text)))
    error = source.as_written(SqlError("x", code="sql.syntax", where=where))
    assert isinstance(error.where, TextWhere)
    assert text[error.where.span.start : error.where.span.end] == "ef"
    inside = TextWhere("q.sql", source.text, Span(min(offset, 25), min(offset, 25) + 1))
    moved = source.as_written(SqlError("x", code="sql.syntax", where=inside)).where
    assert isinstance(moved, TextWhere)
    assert 0 <= moved.span.start <= moved.span.end <= len(text)


JDBC = """CREATE TABLE t (id BIGINT, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector'='jdbc',
'url'='jdbc:postgresql://h:1/d', 'table-name'='t', 'username'='u', 'password'='${env:DB_PASSWORD}');
"""


def test_what_is_compiled_holds_no_secret(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_PASSWORD", "hunter2")
    monkeypatch.setenv("N", "1")
    text = SOURCE + JDBC + "INSERT INTO t SELECT id FROM s;"
    source = resolve_sql(project, text, "q.sql")
    compiled = compile_source(source, {})
    assert "hunter2" not in repr((compiled.script, compiled.plan, source.text))
    sink = compiled.plan.outputs[0].sink
    assert sink is not None
    table = opened(sink, source, project.root)
    assert table.options["password"] == "hunter2"
    assert "hunter2" not in repr(table)


def test_a_secret_outside_options_is_refused(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_PASSWORD", "hunter2")
    monkeypatch.setenv("N", "1")
    text = SOURCE + SINK + "INSERT INTO o SELECT id FROM s WHERE '${env:MY_PASSWORD}' = 'x';"
    with pytest.raises(TidemillError) as caught:
        compile_source(resolve_sql(project, text, "q.sql"), {})
    assert caught.value.code == "project.bad-reference"
    assert "hunter2" not in caught.value.render()


def test_relative_paths_start_at_the_project(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    source = resolve_sql(project, "", "q.sql")
    table = TableDescriptor("f", Schema(()), {"connector": "filesystem", "path": "data/x"})
    assert opened(table, source, tmp_path).options["path"] == str(tmp_path / "data/x")
    other = TableDescriptor("f", Schema(()), {"connector": "filesystem", "path": "file:///x"})
    assert opened(other, source, tmp_path).options["path"] == "file:///x"


def test_check_finds_the_errors_of_all_pipelines(tmp_path: Path) -> None:
    (tmp_path / "tidemill.yaml").write_text("pipelines: [a.sql, b.sql]\n")
    (tmp_path / "a.sql").write_text(
        SINK + "INSERT INTO o SELECT x FROM s;\nINSERT INTO p SELECT 1;"
    )
    (tmp_path / "b.sql").write_text(
        SOURCE.replace("${env:N}", "1") + SINK + "INSERT INTO o SELECT id FROM s;"
    )
    results = {result.name: result for result in check((), tmp_path)}
    assert results[None].ok
    assert len(results["a"].errors) == 2
    assert results["b"].ok, results["b"].errors


def test_check_needs_no_server_no_secret_and_no_variable(tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_text(
        "CREATE TABLE k (id BIGINT) WITH ('connector'='kafka', 'topic'='${env:TOPIC}', "
        "'properties.bootstrap.servers'='${server:kafka.bootstrap}', 'format'='json', "
        "'scan.startup.mode'='earliest-offset');\n"
        + JDBC.replace("env:DB_PASSWORD", "secret:postgres.password")
        + "INSERT INTO t SELECT id FROM k;"
    )
    (result,) = check([str(tmp_path / "q.sql")])
    assert result.ok, result.errors
    assert any("kafka is not running" in note for note in result.notes)
    assert any("TOPIC is not set" in note for note in result.notes)


def test_settings_of_the_project_file_are_overridden_by_the_text(tmp_path: Path) -> None:
    (tmp_path / "tidemill.yaml").write_text("")
    project = read_project(tmp_path / "tidemill.yaml")
    text = "SET 'table.local-time-zone' = 'Europe/Rome';\n" + SINK + "INSERT INTO o VALUES (1);"
    compiled = compile_source(
        resolve_sql(project, text, "q.sql"),
        {"table.local-time-zone": "UTC", "table.exec.source.idle-timeout": "1 s"},
    )
    assert compiled.script.settings["table.local-time-zone"] == "Europe/Rome"
    assert compiled.script.settings["table.exec.source.idle-timeout"] == "1 s"


def test_dead_letters_go_where_the_kafka_sinks_commit(tmp_path: Path) -> None:
    columns = Schema((Column("id", t.BIGINT.with_nullable(False)),))
    kafka = {"connector": "kafka", "properties.bootstrap.servers": "k:1", "topic": "x"}
    source = TableDescriptor("s", columns, {**kafka, "properties.group.id": "g"})
    sink = TableDescriptor("t", columns, {**kafka, "sink.delivery-guarantee": "exactly-once"})
    table = dead_letter_table("orders", tmp_path, [sink], [source])
    assert table.name == DEAD_LETTER_TABLE
    assert table.options["topic"] == "orders.dead-letter"
    assert table.options["sink.delivery-guarantee"] == "exactly-once"
    from_source = dead_letter_table("orders", tmp_path, [], [source])
    assert from_source.options["properties.bootstrap.servers"] == "k:1"
    assert "properties.group.id" not in from_source.options
    without = dead_letter_table("orders", tmp_path, [], [])
    assert without.options["path"] == str(tmp_path / "dead-letter")
    late = late_table("orders", tmp_path, source, [sink], [source])
    assert (late.name, late.options["topic"]) == ("s$late", "orders.s.late")
    assert late.schema.columns[0].type.nullable
