"""References: what each gives, how each mistake is shown, and that secrets stay hidden."""

import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.errors import ProjectError, TextWhere
from tidemill.interfaces.service import Endpoint
from tidemill.project import (
    Project,
    Resolver,
    Secret,
    find_references,
    find_sql_references,
    read_project,
)

YAML = """
connections:
  warehouse:
    host: db.example
    database: shop
    user: "${env:WH_USER:-app}"
    password: ${env:WH_PASSWORD}
  kafka2: {bootstrap.servers: "k:1"}
variables:
  days: 7
  prefix: ${env:PREFIX:-dev}
  loop: ${var:days}
"""
ENDPOINTS = {
    "kafka": Endpoint("127.0.0.1", {"broker": 1234}, {"bootstrap.servers": "127.0.0.1:1234"}),
    "postgres": Endpoint(
        "127.0.0.1", {"sql": 5}, {"user": "u", "database": "d"}, {"password": "s3cret"}
    ),
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "tidemill.yaml").write_text(YAML)
    return read_project(tmp_path / "tidemill.yaml")


def value(project: Project, reference: str, **given: object) -> str | Secret:
    environ = given.pop("environ", {})
    resolver = Resolver(project, ENDPOINTS, environ=environ, **given)  # type: ignore[arg-type]
    return resolver.text("${" + reference + "}", "q.sql")


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("env:A", "x"),
        ("env:B:-y", "y"),
        ("env:B:-", ""),
        ("env:B:-http://h:1/x", "http://h:1/x"),
        ("var:days", "7"),
        ("var:prefix", "dev"),
        ("server:kafka.bootstrap", "127.0.0.1:1234"),
        ("server:kafka.bootstrap.servers", "127.0.0.1:1234"),
        ("server:kafka.port", "1234"),
        ("server:postgres.jdbc-url", "jdbc:postgresql://127.0.0.1:5/d"),
        ("server:postgres.user", "u"),
        ("server:warehouse.jdbc-url", "jdbc:postgresql://db.example:5432/shop"),
        ("server:warehouse.user", "app"),
        ("server:kafka2.bootstrap", "k:1"),
    ],
)
def test_values(project: Project, reference: str, expected: str) -> None:
    assert value(project, reference, environ={"A": "x"}) == expected


def test_secrets_come_wrapped_and_do_not_show(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    for reference in ("secret:postgres.password", "secret:warehouse.password", "env:WH_PASSWORD"):
        secret = value(project, reference, environ={"WH_PASSWORD": "s3cret"})
        assert isinstance(secret, Secret)
        assert secret.reveal() == "s3cret"
        logging.getLogger("x").warning("%s %r", secret, secret)
        shown = f"{secret} {secret!r} {secret:>10} {[secret]} {secret.reveal()!r} {caplog.text}"
        assert "s3cret" not in shown


def test_a_text_with_a_secret_in_it_is_secret_as_a_whole(project: Project) -> None:
    resolver = Resolver(project, ENDPOINTS, environ={})
    secret = resolver.text("user=${server:postgres.user} pw=${secret:postgres.password}", "f")
    assert isinstance(secret, Secret)
    assert secret.reveal() == "user=u pw=s3cret"


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("env:GONE", "unset-environment"),
        ("var:dayz", "unknown-variable"),
        ("var:loop", "bad-reference"),
        ("server:kafak.bootstrap", "unknown-server"),
        ("server:connect.url", "server-not-running"),
        ("server:kafka.bootstrapp", "unknown-property"),
        ("server:postgres.password", "bad-reference"),
        ("secret:postgres.user", "unknown-property"),
        ("secret:warehouse.password", "unset-environment"),
        ("server:kafka", "bad-reference"),
        ("env:", "bad-reference"),
        ("envv:A", "bad-reference"),
        ("HOME", "bad-reference"),
        ("file:/nowhere/at/all", "unreadable"),
    ],
)
def test_mistakes_are_shown_at_their_place(project: Project, reference: str, code: str) -> None:
    with pytest.raises(ProjectError) as caught:
        value(project, reference)
    assert caught.value.code == f"project.{code}"
    assert isinstance(caught.value.where, TextWhere)
    assert caught.value.hint


def test_a_secret_file_must_be_closed_to_others(project: Project, tmp_path: Path) -> None:
    file = tmp_path / "pw"
    file.write_text("s3cret\n")
    file.chmod(0o644)
    with pytest.raises(ProjectError) as caught:
        value(project, f"file:{file}")
    assert caught.value.code == "project.unsafe-secret-file"
    assert "chmod 600" in (caught.value.hint or "")
    file.chmod(0o600)
    secret = value(project, f"file:{file}")
    assert isinstance(secret, Secret)
    assert secret.reveal() == "s3cret"


def test_lenient_reads_no_secret_and_needs_no_server(project: Project) -> None:
    resolver = Resolver(project, {}, environ={}, lenient=True)
    assert resolver.text("${server:kafka.bootstrap}", "f") == "localhost:9092"
    secret = resolver.text("${secret:postgres.password}${file:/nowhere}", "f")
    assert isinstance(secret, Secret)
    assert secret.reveal() == ""
    assert resolver.text("${env:GONE}", "f") == "gone"
    assert len(resolver.notes) == 2
    with pytest.raises(ProjectError):
        resolver.text("${server:nope.x}", "f")


def test_variables_given_by_hand_win(project: Project) -> None:
    assert value(project, "var:days", variables={"days": "9", "more": "x"}) == "9"
    assert value(project, "var:more", variables={"more": "x"}) == "x"


def test_sql_comments_hold_no_references() -> None:
    text = "-- ${env:A}\n/* ${oops */ SELECT '${var:x}', 'it''s ${env:B}', '--', \"${q}\" FROM t"
    assert [r.key for r in find_sql_references(text, "q.sql")] == ["var:x", "env:B"]


def test_an_open_brace_is_shown() -> None:
    with pytest.raises(ProjectError) as caught:
        find_references("a ${env:A\nb", "f")
    assert "closing brace" in caught.value.message


@given(st.text())
def test_any_text_is_either_taken_or_refused(text: str) -> None:
    try:
        for reference in find_references(text, "f"):
            span = reference.where.span
            assert text[span.start : span.end] == "${" + reference.key + "}"
        list(find_sql_references(text, "f"))
    except ProjectError as error:
        assert error.code == "project.bad-reference"
