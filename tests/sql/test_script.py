"""What a whole file means: sets, variables, several errors, statement sets, catalogs."""

from __future__ import annotations

import pytest

from tidemill.errors import SqlError
from tidemill.sql import compile_script, render
from tidemill.sql.logical import Project, Scan

TABLE = (
    "CREATE TABLE t (a INT, b STRING) "
    "WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');\n"
)
SINK = "CREATE TABLE s (a INT, b STRING) WITH ('connector' = 'blackhole');\n"


def test_check_gives_the_first_error_of_each_statement_and_none_that_follows(check) -> None:
    text = (
        "CREATE TABLE broken (a TEXT) WITH ('connector' = 'kafka');\n"
        "CREATE VIEW v AS SELECT * FROM broken;\n"
        "CREATE VIEW w AS SELECT * FROM v;\n" + TABLE + SINK + "INSERT INTO s SELECT x, b FROM t;\n"
        "INSERT INTO s SELECT * FROM w;\n"
        "INSERT INTO s SELECT a, a FROM t;\n"
    )
    assert [(error.code, error.where.line) for error in check(text)] == [
        ("sql.bad-type", 1),
        ("sql.unknown-column", 6),
        ("sql.sink-mismatch", 8),
    ]


def test_a_name_may_be_declared_again_after_a_failure_or_a_drop(check, compiled) -> None:
    broken = "CREATE TABLE t (a TEXT) WITH ('connector' = 'kafka');\n"
    assert len(check(broken + TABLE + "SELECT a FROM t;")) == 1
    compiled(TABLE + "DROP TABLE t;\n" + TABLE + "SELECT a FROM t;")
    compiled(TABLE + "DROP TABLE IF EXISTS u; CREATE TABLE IF NOT EXISTS t (x INT) "
             "WITH ('connector' = 'blackhole'); SELECT a FROM t;")  # fmt: skip


def test_both_forms_of_a_statement_set(compiled) -> None:
    inserts = "INSERT INTO s SELECT * FROM t; INSERT INTO s SELECT a, b FROM t;\n"
    one = compiled(TABLE + SINK + "EXECUTE STATEMENT SET BEGIN " + inserts + "END;")
    two = compiled(TABLE + SINK + "begin statement set;" + inserts + "end")
    assert len(one.inserts) == len(two.inserts) == 2
    assert render(one) == render(two)


def test_a_semicolon_in_a_string_a_name_or_a_comment_is_none(compiled) -> None:
    script = compiled(TABLE + "SELECT ';', a AS `;` /* ; */ FROM t -- ;\n;;;")
    assert script.selects[0].schema.names == ("EXPR$0", ";")


def test_without_variables_references_stay_and_are_not_checked(declared) -> None:
    text = TABLE.replace("'t',", "'${env:TOPIC:-x}', 'scan.startup.mode' = '${mode}',") + (
        "SELECT a FROM t;"
    )
    script = compile_script(text, "f.sql", *declared)
    assert script.tables["t"].options["topic"] == "${env:TOPIC:-x}"


def test_variables_are_put_into_option_values_only(compiled) -> None:
    text = TABLE.replace("'topic' = 't'", "'topic' = 'a-${env:TOPIC}-b'")
    script = compiled(text + "SELECT '${env:TOPIC}' AS x FROM t;")
    assert script.tables["t"].options["topic"] == "a-trips-b"
    assert "'${env:TOPIC}'" in render(script)


def test_a_secret_that_is_not_given_yet_stays_a_reference(compiled) -> None:
    text = (
        "CREATE TABLE p (a INT) WITH ('connector' = 'jdbc', 'url' = 'u', 'table-name' = 'x', "
        "'password' = '${secret:postgres.password}'); SELECT a FROM p;"
    )
    options = compiled(text).tables["p"].options
    assert options["password"] == "${secret:postgres.password}"


def test_a_secret_value_is_not_in_the_error(compiled) -> None:
    with pytest.raises(SqlError) as caught:
        compiled("CREATE TABLE p (a INT) WITH ('connector' = 'jdbc', 'passwort' = 'hunter2');")
    assert "password" in (caught.value.hint or "")


def test_metadata_comes_with_the_connectors_type_and_is_cast(compiled) -> None:
    text = (
        "CREATE TABLE t (a INT, at_ TIMESTAMP(3) METADATA FROM 'timestamp', p BIGINT METADATA "
        "FROM 'partition' VIRTUAL, o TIMESTAMP_LTZ(3) METADATA FROM 'value.source.timestamp' "
        "VIRTUAL, c AS at_ + INTERVAL '1' SECOND, WATERMARK FOR c AS c) "
        "WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'debezium-json');\n"
    )
    script = compiled(text + "SELECT * FROM t; INSERT INTO t SELECT 1, LOCALTIMESTAMP;")
    project = script.selects[0].query.input
    assert isinstance(project, Project)
    assert isinstance(project.input, Scan)
    types = [str(field.type) for field in project.input.fields]
    assert types == ["INT", "TIMESTAMP_LTZ(3) NOT NULL", "INT NOT NULL", "TIMESTAMP_LTZ(3)"]
    names = script.inserts[0].sink.schema.names
    assert names == ("a", "at_")
    assert "CAST(at_#1 AS TIMESTAMP(3)) + INTERVAL 1 s" in render(script.selects[0])


def test_places_are_exact_in_many_lines_with_tabs_and_wide_characters(compiled) -> None:
    text = TABLE + "SELECT\n\t'\U0001f600é' AS x,\n\tnope + 1\nFROM t"
    with pytest.raises(SqlError) as caught:
        compiled(text)
    where = caught.value.where
    assert (where.line, where.column) == (4, 2)
    assert text[where.span.start : where.span.end] == "nope"
    assert caught.value.render().splitlines()[4].endswith("| \t^^^^")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("table.exec.source.idle-timeout", "10 min"),
        ("table.local-time-zone", "Europe/Berlin"),
        ("pipeline.name", "anything; at all"),
        ("execution.runtime-mode", "BATCH"),
        ("table.exec.state.ttl", "1 d"),
    ],
)
def test_settings_that_are_taken(compiled, key: str, value: str) -> None:
    script = compiled(f"SET '{key}' = '{value}'; SELECT 1;")
    assert script.settings == {key: value}
    assert script.notes == ()


@pytest.mark.parametrize(
    "key",
    ["pipeline.jars", "python.files", "classloader.resolve-order", "security.kerberos.login.keytab",
     "fs.s3a.access.key", "state.checkpoints.dir", "env.java.opts", "pipeline.classpaths"],
)  # fmt: skip
def test_settings_that_would_load_or_open_something_are_refused(compiled, key: str) -> None:
    with pytest.raises(SqlError) as caught:
        compiled(f"SET '{key}' = 'x'; SELECT 1;")
    assert caught.value.code == "sql.refused-setting"


def test_long_conditions_do_not_nest_deeply(compiled) -> None:
    condition = " OR ".join(f"a = {i}" for i in range(3000))
    compiled(TABLE + f"SELECT a FROM t WHERE {condition} AND ({condition});")
