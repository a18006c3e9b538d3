"""The capture in front of the pipeline: its connector and slot, and who tends them.

Guarantees: a connector that has failed is restarted, as a person would do it, and one whose worker
is away is left alone. `arrives` says that what is written now comes through the whole chain.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tidemill.connectors.kafka.tail import TopicTail
from tidemill.control.chaos.change_capture.feed import CaptureFeed
from tidemill.control.chaos.change_capture.table import empty_sinks
from tidemill.control.chaos.change_capture.tally import TopicTally
from tidemill.control.chaos.change_capture.text import (
    copied_table,
    items_table,
    topic_of,
    write_connector,
)
from tidemill.control.chaos.servers import ChaosServers
from tidemill.control.connect_client import ConnectorStatus
from tidemill.control.connectors import Connect, delete, register, restart
from tidemill.control.released_slot import drop_released
from tidemill.control.slots import postgres_of
from tidemill.errors import TidemillError, UserError
from tidemill.project import load_project

MARK = 0
"""The key of the row that is looked for at the far end."""
_LOOK_S = 2.0
_POLL_S = 0.1
_WITHIN_S = 120.0


class Capture:
    """The connector of one trial; used from one thread."""

    def __init__(self, servers: ChaosServers, folder: Path, name: str, feed: CaptureFeed) -> None:
        self._servers, self._folder, self.name, self.feed = servers, folder, name, feed
        tail = TopicTail(servers.admin, topic_of(name), partitions=1, committed=True)
        self.tally = TopicTally(tail, MARK)
        """The changes that stand in the topic."""
        self.connect = Connect(folder)
        self.topic, self.table = topic_of(name), items_table(name)
        self.restarts = self.began_anew = 0
        self.left_alone = False
        """Whether a fault wants the connector as it is: nobody restarts it then."""
        self._looked_at = 0.0

    def register(self, **changed: str) -> None:
        """Register the connector, with other settings where they are given."""
        register(self.connect, write_connector(self._folder, self.name, **changed), timeout_s=90)

    def status(self) -> ConnectorStatus | None:
        """The connector's state; None where nobody knows it at the moment."""
        try:
            return self.connect.client().status(self.name)
        except TidemillError:
            return None

    def tend(self) -> None:
        """Restart the connector where it has failed."""
        if self.left_alone or time.monotonic() - self._looked_at < _LOOK_S:
            return
        self._looked_at = time.monotonic()
        found = self.status()
        if found is not None and found.failure is not None:
            with contextlib.suppress(TidemillError):
                self.connect.client().restart(self.name)
                self.restarts += 1

    def stop(self) -> None:
        """Stop the connector, which lets its slot go."""
        client = self.connect.client()
        client.act(self.name, "stop")
        client.wait_stopped(self.name, _WITHIN_S)

    def resume(self) -> None:
        """Have it go on; does not wait until it does."""
        self.connect.client().act(self.name, "resume")

    def restart(self) -> None:
        """Restart it, and wait until it runs."""
        restart(self.connect, self.name)

    def configure(self, **changed: str) -> None:
        """Change some of its settings."""
        client = self.connect.client()
        client.put(self.name, {**client.config(self.name), **changed})

    def insist(self, do: Callable[[], object], within_s: float = _WITHIN_S) -> None:
        """Do it as soon as the servers let it be done: one may be away for a moment."""
        limit = time.monotonic() + within_s
        while True:
            try:
                do()
            except (TidemillError, psycopg.OperationalError):
                if time.monotonic() > limit:
                    raise
                self._servers.tend()
                time.sleep(_POLL_S)
            else:
                return

    def delete(self) -> None:
        """Delete the connector; slot and topic stay."""
        delete(self.connect, self.name)

    def failed(self, within_s: float) -> str | None:
        """Wait until the connector has failed; its trace, None where it did not."""
        limit = time.monotonic() + within_s
        while time.monotonic() < limit:
            found = self.status()
            if found is not None and found.failure is not None:
                return found.failure
            time.sleep(_POLL_S)
        return None

    def drop_slot(self) -> bool:
        """Drop the slot as soon as nobody reads it; whether that was done."""
        login = postgres_of(load_project(self._folder))
        assert login is not None
        try:
            drop_released(login, self.name, _WITHIN_S)
        except UserError:
            return False
        return True

    def arrives(self, tend: Callable[[], None], within_s: float) -> bool:
        """Write a mark and wait until the copy has it; False where it does not come."""
        limit = time.monotonic() + within_s
        mark = None
        while time.monotonic() < limit:
            tend()
            with contextlib.suppress(psycopg.OperationalError), self._servers.sql() as connection:
                mark = mark or self._write_mark(connection)
                if self._has_come(connection, mark):
                    return True
            time.sleep(_POLL_S)
        return False

    def snapshot_through(self, tend: Callable[[], None]) -> bool:
        """Write marks until one has come as a change, so that the snapshot is behind us.

        Before that Debezium takes its snapshot again where it is cut off, as the docs say.
        """
        begun, limit = time.time_ns(), time.monotonic() + _WITHIN_S
        while time.monotonic() < limit:
            tend()
            with contextlib.suppress(psycopg.OperationalError), self._servers.sql() as connection:
                self._write_mark(connection)
            self.tally.read()
            if self.tally.mark >= begun:
                return True
        return False

    def _write_mark(self, connection: psycopg.Connection[Any]) -> int:
        mark = time.time_ns()
        query = sql.SQL(
            "INSERT INTO {} AS t (id, grp, version, amount) VALUES (%s, 0, %s, 0) "
            "ON CONFLICT (id) DO UPDATE SET version = excluded.version"
        ).format(sql.Identifier(self.table))
        connection.execute(query, (MARK, mark))
        return mark

    def _has_come(self, connection: psycopg.Connection[Any], mark: int) -> bool:
        query = sql.SQL("SELECT version >= %s FROM {} WHERE id = %s").format(
            sql.Identifier(copied_table(self.name))
        )
        return connection.execute(query, (mark, MARK)).fetchone() == (True,)

    def empty_sinks(self) -> None:
        """Take from the sinks in Postgres what a new snapshot would not write over."""
        with self._servers.sql() as connection:
            empty_sinks(connection, self.name)

    def close(self) -> None:
        """Delete the connector and its slot."""
        self.tally.close()
        with contextlib.suppress(TidemillError):
            self.delete()
            self.drop_slot()
