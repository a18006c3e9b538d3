"""The sink takes nothing for a while: somebody holds a lock on its table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql

from tidemill.control.chaos.fault import CDC, WINDOWS, Fault, Given
from tidemill.control.chaos.scene import Scene


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    table = sql.Identifier(scene.sink_table)
    with scene.servers.sql() as connection, connection.transaction():
        connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(table))
        yield


FAULT = Fault(
    "stopped-sink",
    "the table in Postgres is locked",
    _inject,
    hold_s=(1.0, 5.0),
    pipelines=(WINDOWS, CDC),
)
