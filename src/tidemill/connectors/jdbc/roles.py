"""Roles of Postgres that may do one thing: capture changes, write a sink, or read.

Guarantees: identifiers are quoted by psycopg; none of the roles is a superuser, may make databases
or roles, or may pass its rights on; the password's SCRAM verifier is made here, so the server and
its logs never see the password. Making a role again sets its password and its rights anew, and
takes away what it had on tables that are not named any more. All is one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql

from tidemill.connectors.jdbc.connection import translated
from tidemill.connectors.jdbc.fence import CREATE_EPOCHS, EPOCHS
from tidemill.connectors.jdbc.server_stats import PostgresLogin
from tidemill.errors import ConnectorError, Where
from tidemill.records import dataclass

KINDS = ("capture", "sink", "reader")
STATEMENT_TIMEOUT_S = 60
_RIGHTS = {
    "capture": ("SELECT",),
    "sink": ("SELECT", "INSERT", "UPDATE", "DELETE"),
    "reader": ("SELECT",),
}
_GRANTED_RELATIONS = """
SELECT DISTINCT n.nspname, c.relname, c.relkind::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
WHERE a.grantee = (SELECT oid FROM pg_roles WHERE rolname = %s)
"""
_GRANTED_SCHEMAS = """
SELECT DISTINCT n.nspname FROM pg_namespace n, aclexplode(n.nspacl) a
WHERE a.grantee = (SELECT oid FROM pg_roles WHERE rolname = %s)
"""
Table = tuple[str, str]
"""Schema and name."""


@dataclass(frozen=True, slots=True)
class MadeRole:
    """What a role may do now; `publication` is what a capture reads."""

    name: str
    kind: str
    tables: tuple[str, ...]
    rights: tuple[str, ...]
    publication: str | None


def make_role(
    login: PostgresLogin, name: str, kind: str, tables: Sequence[Table], password: str
) -> MadeRole:
    """Make or mend a role; raises ConnectorError.

    Args:
        login: of an owner of the tables who may make roles.
        name: the role's.
        kind: one of `KINDS`.
        tables: what it may use.
        password: its own.
    """
    shown = f"postgres {login.host}:{login.port}/{login.database}"
    with translated(shown), _connected(login) as connection, connection.transaction():
        for table in tables:
            _require(connection, shown, table)
        _make_login(connection, name, kind, password)
        _take_away(connection, name)
        _grant(connection, name, kind, tables)
        publication = _publication(connection, name, tables) if kind == "capture" else None
    named = tuple(".".join(table) for table in tables)
    return MadeRole(name, kind, named, _RIGHTS[kind], publication)


def _connected(login: PostgresLogin) -> psycopg.Connection[Any]:
    return psycopg.connect(
        host=login.host, port=login.port, user=login.user, password=login.password,
        dbname=login.database, connect_timeout=10, application_name="tidemill roles",
        autocommit=True,
    )  # fmt: skip


def _require(connection: psycopg.Connection[Any], shown: str, table: Table) -> None:
    found = connection.execute(
        "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s AND c.relname = %s AND c.relkind IN ('r', 'p', 'v', 'm')",
        table,
    ).fetchone()
    if found is None:
        raise ConnectorError(
            f"there is no table `{'.'.join(table)}` at {shown}",
            code="connector.table-missing",
            where=Where(server=shown, table=".".join(table)),
            hint="Name tables as schema.table; without a schema it is public.",
        )


def _make_login(connection: psycopg.Connection[Any], name: str, kind: str, password: str) -> None:
    role = connection.execute(
        "SELECT rolsuper FROM pg_roles WHERE rolname = %s", (name,)
    ).fetchone()
    if role is not None and role[0]:
        raise ConnectorError(
            f"the role `{name}` is a superuser",
            code="connector.bad-option",
            hint="Give another name: rights cannot be taken from a superuser.",
        )
    verifier = connection.pgconn.encrypt_password(
        password.encode(), name.encode(), b"scram-sha-256"
    ).decode()
    verb = sql.SQL("CREATE" if role is None else "ALTER")
    connection.execute(
        sql.SQL(
            "{} ROLE {} LOGIN {} NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOINHERIT "
            "PASSWORD {}"
        ).format(
            verb,
            sql.Identifier(name),
            sql.SQL("REPLICATION" if kind == "capture" else "NOREPLICATION"),
            sql.Literal(verifier),
        )
    )
    for setting, value in (
        ("default_transaction_read_only", "on" if kind == "reader" else "off"),
        ("statement_timeout", f"{STATEMENT_TIMEOUT_S}s" if kind == "reader" else "0"),
    ):
        connection.execute(
            sql.SQL("ALTER ROLE {} SET {} = {}").format(
                sql.Identifier(name), sql.Identifier(setting), sql.Literal(value)
            )
        )


def _take_away(connection: psycopg.Connection[Any], name: str) -> None:
    """All that it was granted on tables, sequences and schemas of this database."""
    who = sql.Identifier(name)
    relations = connection.execute(_GRANTED_RELATIONS, (name,)).fetchall()
    for schema, relation, kind in relations:
        statement = sql.SQL("REVOKE ALL ON {} {} FROM {}")
        what = sql.SQL("SEQUENCE" if kind == "S" else "TABLE")
        connection.execute(statement.format(what, sql.Identifier(schema, relation), who))
    for (schema,) in connection.execute(_GRANTED_SCHEMAS, (name,)).fetchall():
        statement = sql.SQL("REVOKE ALL ON SCHEMA {} FROM {}")
        connection.execute(statement.format(sql.Identifier(schema), who))


def _grant(
    connection: psycopg.Connection[Any], name: str, kind: str, tables: Sequence[Table]
) -> None:
    who = sql.Identifier(name)
    (database,) = connection.execute("SELECT current_database()").fetchone() or ("",)
    connection.execute(
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(database), who)
    )
    for schema in dict.fromkeys(schema for schema, _ in tables):
        usage = sql.SQL("GRANT USAGE ON SCHEMA {} TO {}")
        connection.execute(usage.format(sql.Identifier(schema), who))
    rights = sql.SQL(", ").join(sql.SQL(right) for right in _RIGHTS[kind])
    for table in tables:
        grant = sql.SQL("GRANT {} ON TABLE {} TO {}")
        connection.execute(grant.format(rights, sql.Identifier(*table), who))
    if kind == "sink":
        connection.execute(CREATE_EPOCHS)
        grant = sql.SQL("GRANT SELECT, INSERT, UPDATE ON TABLE {} TO {}")
        connection.execute(grant.format(sql.Identifier(EPOCHS), who))


def _publication(connection: psycopg.Connection[Any], role: str, tables: Sequence[Table]) -> str:
    """A publication of the role's name, of these tables only, owned by who makes it."""
    listed = sql.SQL(", ").join(sql.Identifier(*table) for table in tables)
    known = connection.execute(
        "SELECT 1 FROM pg_publication WHERE pubname = %s", (role,)
    ).fetchone()
    statement = (
        "CREATE PUBLICATION {} FOR TABLE {}"
        if known is None
        else ("ALTER PUBLICATION {} SET TABLE {}")
    )
    connection.execute(sql.SQL(statement).format(sql.Identifier(role), listed))
    return role
