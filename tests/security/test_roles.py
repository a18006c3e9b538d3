"""Roles of Postgres: what each may do and may not, by names that try to be SQL."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tidemill.control.postgres_roles import Role, create_role
from tidemill.errors import ConnectorError, UserError

pytestmark = pytest.mark.servers


@dataclass
class Database:
    """A project whose Postgres is the shared one, with two tables of the test's own."""

    folder: Path
    endpoint: Any
    role: str
    table: str
    other: str

    def make(self, kind: str, *tables: str) -> Role:
        return create_role(self.folder, self.role, kind, tables or (self.table,))

    def connect(self, user: str | None = None) -> psycopg.Connection[Any]:
        password = self.endpoint.secrets["password"]
        if user is not None:
            (file,) = (self.folder / ".tidemill" / "secrets").iterdir()
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            password = file.read_text().strip()
        return psycopg.connect(
            host=self.endpoint.host, port=self.endpoint.ports["sql"],
            user=user or self.endpoint.properties["user"], password=password,
            dbname=self.endpoint.properties["database"], autocommit=True,
        )  # fmt: skip

    def may(self, statement: str, table: str | None = None) -> bool:
        with self.connect(self.role) as connection:
            try:
                connection.execute(sql.SQL(statement).format(sql.Identifier(table or self.table)))  # type: ignore[arg-type]
            except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction):
                return False
            return True


@pytest.fixture
def database(
    tmp_path: Path, postgres_endpoint: Any, unique_name: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Database]:  # fmt: skip
    monkeypatch.setenv("ADMIN_PASSWORD", postgres_endpoint.secrets["password"])
    (tmp_path / "tidemill.yaml").write_text(
        "name: roles\nconnections:\n  postgres:\n"
        f"    host: {postgres_endpoint.host}\n    port: {postgres_endpoint.ports['sql']}\n"
        f"    user: {postgres_endpoint.properties['user']}\n"
        f"    database: {postgres_endpoint.properties['database']}\n"
        "    password: ${env:ADMIN_PASSWORD}\n"
    )
    end = '"; DROP ROLE x; --'
    made = Database(
        tmp_path, postgres_endpoint, f"r_{unique_name('r')[-12:]}{end}",
        f"t_{unique_name('t')[-12:]}{end}", unique_name("o"),
    )  # fmt: skip
    with made.connect() as connection:
        for table in (made.table, made.other):
            name = sql.Identifier(table)
            connection.execute(sql.SQL("CREATE TABLE {} (id int PRIMARY KEY)").format(name))
        yield made
        who = sql.Identifier(made.role)
        connection.execute(sql.SQL("DROP PUBLICATION IF EXISTS {}").format(who))
        connection.execute(sql.SQL("DROP OWNED BY {}").format(who))
        connection.execute(sql.SQL("DROP ROLE {}").format(who))


def test_each_kind_may_do_its_work_and_nothing_else(database: Database) -> None:
    read, write, make = "SELECT * FROM {}", "INSERT INTO {} VALUES (1)", "CREATE TABLE {} (a int)"
    captured = database.make("capture")
    assert captured.publication == database.role
    assert database.may(read) and not database.may(write)
    assert not database.may(read, database.other)
    with database.connect() as connection:
        listed = connection.execute(
            "SELECT tablename FROM pg_publication_tables WHERE pubname = %s", (database.role,)
        ).fetchall()
        flags = connection.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication "
            "FROM pg_roles WHERE rolname = %s", (database.role,)
        ).fetchone()  # fmt: skip
    assert listed == [(database.table,)]
    assert flags == (False, False, False, False, True)

    database.make("sink", database.other)
    assert database.may(write, database.other)
    assert database.may("UPDATE {} SET epoch = epoch WHERE false", "tidemill_epochs")
    assert not database.may(read), "what is not named any more is taken away"
    assert not database.may(make, "made_by_sink")
    assert not database.may("TRUNCATE {}", database.other)

    database.make("reader", database.other)
    assert database.may(read, database.other)
    assert not database.may("DELETE FROM {}", database.other)
    assert not database.may("CREATE TEMPORARY TABLE {} (a int)", "temporary_one")


def test_the_password_is_a_reference_and_new_each_time(database: Database) -> None:
    first = database.make("reader")
    (file,) = (database.folder / ".tidemill" / "secrets").iterdir()
    password = file.read_text().strip()
    assert password not in json.dumps(first.as_dict())
    assert first.password.startswith("${file:.tidemill/secrets/")
    database.make("reader")
    assert file.read_text().strip() != password
    with database.connect() as connection:
        (held,) = connection.execute(
            "SELECT rolpassword FROM pg_authid WHERE rolname = %s", (database.role,)
        ).fetchone() or ("",)
    assert str(held).startswith("SCRAM-SHA-256$")


def test_what_cannot_be_is_refused(database: Database) -> None:
    database.make("reader")
    for name, kind, tables in (
        ("x", "owner", ("t",)), ("", "reader", ("t",)), ("pg_x", "reader", ("t",)),
        ("../x", "reader", ("t",)), ("x", "reader", ()), ("x" * 64, "reader", ("t",)),
        (database.endpoint.properties["user"], "reader", ("t",)),
    ):  # fmt: skip
        with pytest.raises(UserError) as refused:
            create_role(database.folder, name, kind, tables)
        assert refused.value.code == "control.role"
    with pytest.raises(ConnectorError) as missing:
        create_role(database.folder, "x", "reader", ["nowhere.t"])
    assert missing.value.code == "connector.table-missing"
