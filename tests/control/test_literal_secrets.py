"""Secrets that are written out in SQL: found in the text, shown by nothing, refused on request."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidemill.control.check import check
from tidemill.control.explain import explain
from tidemill.control.literal_secrets import literal_secrets
from tidemill.errors import ProjectError

CANARY = "hunter2''s"
SQL = f"""CREATE TABLE i (a INT) WITH ('connector' = 'datagen', 'number-of-rows' = '3');
CREATE TABLE o (a INT) WITH ('connector' = 'jdbc', 'table-name' = 'o', 'username' = 'u',
  'url' = 'jdbc:postgresql://h/d', 'password' = '{CANARY}');
INSERT INTO o SELECT a FROM i;
"""


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("'password' = 'x'", ["password"]),
        ("'Password'='it''s'", ["Password"]),
        ("'password' -- of the table\n = /* 'a' = 'b' */ 'x'", ["password"]),
        ("'properties.sasl.password' = 'x', 'properties.ssl.key.pem' = 'y'",
         ["properties.sasl.password", "properties.ssl.key.pem"]),
        ("'avro-confluent.basic-auth.user-info' = 'u:p'", ["avro-confluent.basic-auth.user-info"]),
        ("'aws.credentials.basic.secretkey' = 'x'", ["aws.credentials.basic.secretkey"]),
        ("'s3.secret-key' = 'x'", ["s3.secret-key"]),
        ("'url' = 'redis://u:p@h/0'", ["url"]),
        ("'url' = 'jdbc:postgresql://h/d?user=u&password=p'", ["url"]),
        ("'url' = 'jdbc:postgresql://h:5432/d?sslmode=require'", []),
        ("'password' = '${secret:postgres.password}'", []),
        ("'password' = ''", []),
        ("'fields.password.expression' = 'x'", []),
        ("-- 'password' = 'x'\n/* 'password' = 'y' */", []),
        ("password = 'x'", []),
    ],
)  # fmt: skip
def test_what_counts_as_a_secret(text: str, keys: list[str]) -> None:
    assert [found.key for found in literal_secrets(text, "a.sql")] == keys


def test_no_place_in_the_text_shows_another_secret() -> None:
    first, second = literal_secrets("'password' = 'one',\n'token' = 'two'", "a.sql")
    assert (first.value, second.value) == ("one", "two")
    assert first.where.text == second.where.text == "'password' = '***',\n'token' = '***'"
    assert "one" not in f"{first!r}{first.error().render()}{first.sentence}"


def test_check_warns_and_a_strict_project_refuses(tmp_path: Path) -> None:
    (tmp_path / "p.sql").write_text(SQL)
    (tmp_path / "tidemill.yaml").write_text("name: p\npipelines: [p.sql]\n")
    (result,) = check(["p"], tmp_path)
    (warning,) = [one for one in result.warnings if one.name == "literal-secret"]
    assert result.ok and warning.where is not None and warning.where.endswith("p.sql:3:49")
    assert "${env:PASSWORD}" in str(warning.hint)
    explained = explain("p", tmp_path)
    assert CANARY not in str(explained) and "hunter2" not in str(explained.as_dict())
    assert any("written out" in note for note in explained.notes)

    (tmp_path / "p.sql").write_text(SQL.replace("'o', 'username'", "'o', 'usrname'"))
    (wrong,) = check(["p"], tmp_path)
    assert not wrong.ok and "hunter2" not in "".join(e.render() for e in wrong.errors)

    (tmp_path / "p.sql").write_text(SQL)
    (tmp_path / "tidemill.yaml").write_text("name: p\npipelines: [p.sql]\nsecrets: strict\n")
    (refused,) = check(["p"], tmp_path)
    (error,) = refused.errors
    assert error.code == "project.literal-secret"
    assert "'password' = '**********'" in error.render() and "^^^" in error.render()
    with pytest.raises(ProjectError) as caught:
        explain("p", tmp_path)
    assert caught.value.code == "project.literal-secret"
