"""Connections to Postgres, and what its errors mean to the engine."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import field

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tidemill.connectors.jdbc.options import JdbcOptions
from tidemill.errors import ConnectorError, Where
from tidemill.records import dataclass

Connection = psycopg.Connection[tuple[object, ...]]

_RETRYABLE_CLASSES = ("08", "53", "57", "58")
_RETRYABLE_STATES = frozenset({"40001", "40P01", "55P03", "25006"})
_ROW_CLASSES = ("21", "22", "23")
_ROW_STATES = frozenset({"P0001", "44000"})


@dataclass(frozen=True, slots=True)
class Login:
    """What is needed to connect; equal logins may share a connection."""

    conninfo: tuple[tuple[str, str], ...]
    password: str | None = field(repr=False, compare=False)
    current_schema: str | None
    shown: str
    retries: int
    timeout_ms: int

    @classmethod
    def of(cls, options: JdbcOptions) -> Login:
        """The login of one table's options."""
        target = options.target
        parts = {"host": target.host, "port": str(target.port), **dict(target.parameters)}
        if target.database:
            parts["dbname"] = target.database
        if options.user:
            parts["user"] = options.user
        return cls(
            tuple(parts.items()),
            options.password,
            target.current_schema,
            f"postgres {target}",
            options.values["sink.max-retries"],
            options.values["connection.max-retry-timeout"],
        )


def connect(login: Login, application: str) -> Connection:
    """A new connection in autocommit mode, UTC, ISO dates; tries again while nobody answers."""
    deadline_s = time.monotonic() + login.timeout_ms / 1000
    attempt = 0
    while True:
        try:
            return _connect_once(login, application)
        except psycopg.Error as error:
            failure = translate(error, login.shown)
            attempt += 1
            pause_s = min(2.0, 0.1 * 2**attempt)
            late = time.monotonic() + pause_s > deadline_s
            if not failure.retryable or attempt > login.retries or late:
                raise failure from error
            time.sleep(pause_s)


def _connect_once(login: Login, application: str) -> Connection:
    defaults = {
        "connect_timeout": str(max(2, min(10, login.timeout_ms // 1000))),
        "application_name": application,
        "keepalives_idle": "10",
        "keepalives_interval": "5",
        "keepalives_count": "4",
        "tcp_user_timeout": "30000",
        "client_encoding": "UTF8",
    }
    conninfo = make_conninfo(**{**defaults, **dict(login.conninfo)})
    connection = psycopg.connect(conninfo, autocommit=True, password=login.password)
    try:
        connection.prepare_threshold = 3
        connection.execute(
            "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'iso_8601'"
        )
        connection.execute("SET extra_float_digits = 1; SET bytea_output = 'hex'")
        if login.current_schema:
            names = [sql.Identifier(s.strip()) for s in login.current_schema.split(",")]
            connection.execute(sql.SQL("SET search_path = {}").format(sql.SQL(", ").join(names)))
    except BaseException:
        connection.close()
        raise
    return connection


def is_row_error(error: psycopg.Error) -> bool:
    """Whether it is some row's fault: bad data or a broken constraint."""
    state = error.sqlstate or ""
    return state.startswith(_ROW_CLASSES) or state in _ROW_STATES


def is_connection_lost(error: psycopg.Error) -> bool:
    """Whether the connection is gone with it, so that nobody knows how a COMMIT ended."""
    state = error.sqlstate
    return state is None or state.startswith(("08", "57P"))


def describe(error: psycopg.Error) -> str:
    """What Postgres said, in one line."""
    diag = error.diag
    if diag.message_primary is None:
        return " ".join(str(error).split())
    detail = f" ({diag.message_detail})" if diag.message_detail else ""
    return f"{diag.message_primary}{detail}"


@contextlib.contextmanager
def translated(shown: str, table: str | None = None) -> Iterator[None]:
    """Turn every error of psycopg inside into a ConnectorError."""
    try:
        yield
    except psycopg.Error as error:
        raise translate(error, shown, table) from error


def translate(error: psycopg.Error, shown: str, table: str | None = None) -> ConnectorError:
    """The error as the engine and its user need it; secrets are not in Postgres's messages."""
    state = error.sqlstate or ""
    where = Where(server=shown, table=table)
    if state.startswith("28"):
        return ConnectorError(
            f"{shown} refuses the login",
            code="connector.login-refused", where=where, detail=describe(error),
            hint="Check the options 'username' and 'password'.",
        )  # fmt: skip
    if state == "3D000" or (state == "" and "FATAL:  database" in str(error)):
        return ConnectorError(
            f"{shown} does not exist",
            code="connector.store-error", where=where, detail=describe(error),
            hint="Create the database, or mend the option 'url'.",
        )  # fmt: skip
    if state == "42501":
        return ConnectorError(
            f"{shown} denies a right that is needed",
            code="connector.login-refused", where=where, detail=describe(error),
            hint="Grant the right to the user in the option 'username'.",
        )  # fmt: skip
    if _says_login(error, state):
        return ConnectorError(
            f"{shown} refuses the login",
            code="connector.login-refused", where=where, detail=describe(error),
            hint="Set the options 'username' and 'password', and check them.",
        )  # fmt: skip
    lost = state == "" and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    if lost or state.startswith(_RETRYABLE_CLASSES) or state in _RETRYABLE_STATES:
        return ConnectorError(
            f"{shown} cannot be reached or broke off",
            code="connector.unreachable", where=where, detail=describe(error),
            hint="Is the server running? See `tidemill status`.", retryable=True,
        )  # fmt: skip
    return ConnectorError(
        f"{shown} refused a statement",
        code="connector.store-error", where=where, detail=f"{describe(error)} [{state}]",
    )  # fmt: skip


def _says_login(error: psycopg.Error, state: str) -> bool:
    """While connecting, libpq gives the server's text but no state."""
    text = str(error)
    return state == "" and (
        "authentication failed" in text
        or "no password supplied" in text
        or ("role" in text and "does not exist" in text)
        or "no pg_hba.conf entry" in text
    )
