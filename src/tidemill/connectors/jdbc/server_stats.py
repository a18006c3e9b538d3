"""What a Postgres server says of itself: replication slots with the WAL they hold, databases."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg

from tidemill.errors import ConnectorError, Where
from tidemill.records import dataclass

_SLOTS = """
SELECT slot_name, COALESCE(plugin, ''), COALESCE(database, ''), active, COALESCE(wal_status, ''),
  CASE WHEN restart_lsn IS NULL THEN NULL
       WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() - restart_lsn
       ELSE pg_current_wal_lsn() - restart_lsn END::bigint,
  CASE WHEN confirmed_flush_lsn IS NULL OR pg_is_in_recovery() THEN NULL
       ELSE pg_current_wal_lsn() - confirmed_flush_lsn END::bigint,
  (SELECT setting::bigint FROM pg_settings WHERE name = 'max_slot_wal_keep_size')
FROM pg_replication_slots ORDER BY slot_name
"""
_DATABASE = """
SELECT d.datname, pg_database_size(d.oid), s.numbackends, s.xact_commit, s.xact_rollback,
  s.deadlocks
FROM pg_database d JOIN pg_stat_database s ON s.datid = d.oid
WHERE d.datallowconn AND has_database_privilege(d.oid, 'CONNECT') ORDER BY d.datname
"""
_TIMEOUT_MS = 2000


@dataclass(frozen=True, slots=True)
class PostgresLogin:
    """How to reach the server; the password shows in no repr."""

    host: str
    port: int
    user: str
    database: str
    password: str | None = None

    def __repr__(self) -> str:
        return f"PostgresLogin({self.user}@{self.host}:{self.port}/{self.database})"


@dataclass(frozen=True, slots=True)
class SlotState:
    """A replication slot.

    `retained_bytes` is the WAL that the server keeps for it, `behind_bytes` what its reader has not
    confirmed. `limit_bytes` is the server's own limit (`max_slot_wal_keep_size`), behind which the
    slot is lost; None: without a limit. `wal_status` is reserved, extended, unreserved or lost.
    """

    name: str
    plugin: str
    database: str
    active: bool
    wal_status: str
    retained_bytes: int | None
    behind_bytes: int | None
    limit_bytes: int | None


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """A database: its size on disk, connections now, and counts since the statistics' reset."""

    name: str
    size_bytes: int
    connections: int
    commits: int
    rollbacks: int
    deadlocks: int


def server_stats(login: PostgresLogin) -> tuple[list[SlotState], list[DatabaseState]]:
    """Ask a server; raises ConnectorError. Takes two seconds at most for each question."""
    with _connected(login) as connection:
        slots = [_slot(row) for row in connection.execute(_SLOTS).fetchall()]
        databases = [DatabaseState(*row) for row in connection.execute(_DATABASE).fetchall()]
    return slots, databases


def drop_slot(login: PostgresLogin, name: str) -> bool:
    """Drop a slot; False while somebody reads it. One that is not there counts as dropped."""
    with _connected(login) as connection:
        try:
            connection.execute("SELECT pg_drop_replication_slot(%s)", (name,))
        except psycopg.errors.ObjectInUse:
            return False
        except psycopg.errors.UndefinedObject:
            return True
    return True


@contextlib.contextmanager
def _connected(login: PostgresLogin) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    try:
        with psycopg.connect(
            host=login.host, port=login.port, user=login.user, password=login.password,
            dbname=login.database, connect_timeout=2, application_name="tidemill metrics",
            options=f"-c statement_timeout={_TIMEOUT_MS}", autocommit=True,
        ) as connection:  # fmt: skip
            yield connection
    except psycopg.Error as error:
        raise ConnectorError(
            f"postgres {login.host}:{login.port} does not say how it is: "
            f"{str(error).strip().splitlines()[0]}",
            code="connector.unreachable",
            where=Where(server="postgres"),
            hint="Is it up? See `tidemill status`.",
            retryable=True,
        ) from error


def _slot(row: tuple[object, ...]) -> SlotState:
    *values, limit_mb = row
    limit = None if not isinstance(limit_mb, int) or limit_mb < 0 else limit_mb << 20
    found: Any = (*values, limit)
    return SlotState(*found)
