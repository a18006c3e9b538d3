"""Rows of `COPY ... TO STDOUT (FORMAT csv)` as they arrive, without waiting longer than asked."""

from __future__ import annotations

import select
import time

import psycopg
from psycopg import pq, sql

from tidemill.connectors.jdbc.connection import Connection


class CopyOut:
    """One running COPY; each row is one CSV line. Postgres waits while nobody reads."""

    def __init__(self, connection: Connection, query: sql.Composable) -> None:
        self._connection = connection
        self._pgconn = connection.pgconn
        statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv)").format(query)
        self._pgconn.send_query(statement.as_bytes(connection))
        self._started = False
        self.finished = False

    def read(self, rows_max: int, timeout_ms: int | None) -> list[bytes]:
        """At most `rows_max` lines; waits (None: for ever) until there is one, or the end."""
        deadline_s = None if timeout_ms is None else time.monotonic() + timeout_ms / 1000
        lines: list[bytes] = []
        while not self.finished and len(lines) < rows_max:
            if not self._started and not self._start(deadline_s):
                return lines
            size, data = self._pgconn.get_copy_data(1)
            if size > 0:
                lines.append(bytes(data))
            elif size < 0:
                self._finish()
            elif lines or not self._wait(deadline_s):
                return lines
        return lines

    def _start(self, deadline_s: float | None) -> bool:
        while self._pgconn.is_busy():
            if not self._wait(deadline_s):
                return False
        result = self._pgconn.get_result()
        if result is None or result.status != pq.ExecStatus.COPY_OUT:
            self._drain()
            if result is None:
                raise psycopg.OperationalError("the server gave no answer")
            raise psycopg.errors.error_from_result(result)
        self._started = True
        return True

    def _wait(self, deadline_s: float | None) -> bool:
        """Wait for bytes from the server; False where none came in time."""
        left_s = None if deadline_s is None else max(0.0, deadline_s - time.monotonic())
        readable, _, _ = select.select([self._pgconn.socket], [], [], left_s)
        if not readable:
            return False
        self._pgconn.consume_input()
        return True

    def _finish(self) -> None:
        result = self._pgconn.get_result()
        self._drain()
        if result is not None and result.status == pq.ExecStatus.FATAL_ERROR:
            raise psycopg.errors.error_from_result(result)
        self.finished = True

    def _drain(self) -> None:
        while self._pgconn.get_result() is not None:
            pass
