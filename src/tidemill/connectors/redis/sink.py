"""The commit group of `redis`: all tables of a job in one database of one server under one user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import redis.exceptions as failures

from tidemill.connectors.redis.commands import commands, wire
from tidemill.connectors.redis.connection import (
    RedisConnection,
    chunks,
    is_lost,
    translate,
    translated,
)
from tidemill.connectors.redis.fence import Fence
from tidemill.connectors.redis.options import RedisOptions
from tidemill.connectors.redis.writer import RedisWriter
from tidemill.errors import ConnectorError, DoubtfulCommitError, Where
from tidemill.interfaces.connector import JobContext
from tidemill.model import DeadLetter, Position


class RedisGroup:
    """One connection, and one MULTI/EXEC per epoch, for all its tables.

    Guarantees: atomic (readers see an epoch whole or not at all) and idempotent (an epoch that is
    committed already is taken for done). Non-guarantees: Redis keeps what it answered for only as
    well as its own persistence does (`appendfsync always` for the last second too); a server that
    lost an epoch is noticed at the next start; positions are not kept here.
    """

    atomic = True
    idempotent = True
    at_once = False

    def __init__(self, tables: Sequence[RedisOptions], job: JobContext) -> None:
        self._options = tables[0]
        self._fence = Fence(job.job, tables[0].values["username"])
        self._connection = RedisConnection(self._options)
        self._asker = RedisConnection(self._options)
        self._writers = {
            table.table.name: RedisWriter(table, self._types_of, self._queue) for table in tables
        }
        self._opened = self._connected = self._in_multi = False
        self._queued = 0
        self._epoch: int | None = None

    @property
    def name(self) -> str:
        """The server, as in `redis localhost:6379/0`."""
        return self._options.shown

    def open(self) -> int | None:
        """Connect, shut out older processes; return the committed epoch."""
        self._connect()
        with translated(self.name):
            self._epoch = self._fence.take(self._connection)
        self._opened = True
        return self._epoch

    def _connect(self) -> None:
        retries = self._options.values["sink.max-retries"]
        self._connection.connect(retries)
        self._asker.connect(retries)
        self._connected = True

    def writer(self, table: str) -> RedisWriter:
        """The writer of one of the group's tables."""
        return self._writers[table]

    def _types_of(self, keys: pa.BinaryArray) -> Sequence[bytes]:
        """What each key holds now: `none`, `hash` and so on; asked outside of the transaction."""
        self._require()
        found: list[Any] = []
        with translated(self.name):
            asked = commands(b"TYPE", len(keys), keys)
            for part in chunks(asked):
                found += self._asker.pipeline(wire(asked[part]), len(asked[part]))
        for reply in found:
            if isinstance(reply, Exception):
                raise translate(reply, self.name)
        return found

    def _queue(self, asked: pa.BinaryArray) -> None:
        self._begin()
        with translated(self.name):
            for part in chunks(asked):
                self._connection.queue(wire(asked[part]), len(asked[part]))
                self._queued += len(asked[part])

    def _require(self) -> None:
        if not self._opened:
            raise ConnectorError(
                f"{self.name} is not connected", code="connector.not-open", retryable=True
            )
        if not self._connected:
            # After an abort only. The fence stays: a commit fails if somebody took over since.
            self._connect()

    def _begin(self) -> None:
        """Make sure that the epoch's MULTI is open, under WATCH of the fence."""
        self._require()
        if not self._in_multi:
            with translated(self.name):
                self._fence.watch(self._connection)
                self._connection.ask("MULTI")
            self._in_multi = True

    def prepare(self, epoch: int) -> list[DeadLetter]:
        """Queue all waiting rows; return those that Redis cannot take."""
        if self._is_held(epoch):
            self.abort()
            return []
        return [letter for writer in self._writers.values() for letter in writer.flush()]

    def commit(self, epoch: int, positions: Mapping[str, Mapping[str, Position]]) -> None:
        """Execute the rows' commands together with the epoch's number."""
        if self._is_held(epoch):
            return
        self._begin()
        with translated(self.name):
            self._fence.advance(self._connection, epoch)
        replies = self._execute(epoch)
        self._in_multi, self._queued = False, 0
        if replies is None:
            raise self._fence.fenced(self._connection)
        self._epoch = epoch
        refused = next((r for r in replies if isinstance(r, Exception)), None)
        if refused is not None:
            self._lost_rows(epoch, refused)

    def _is_held(self, epoch: int) -> bool:
        return self._epoch is not None and epoch <= self._epoch

    def _execute(self, epoch: int) -> list[object] | None:
        try:
            found: list[object] | None = self._connection.ask("EXEC")
            return found
        except (failures.RedisError, OSError) as error:
            if not is_lost(error):
                raise translate(error, self.name) from error
            self.close()
            raise DoubtfulCommitError(
                f"the connection to {self.name} broke while epoch {epoch} was committed",
                code="connector.doubtful-commit",
                where=Where(server=self.name),
                detail=f"Whether it holds is read from `{self._fence.key}` at the next start.",
            ) from error

    def _lost_rows(self, epoch: int, refused: Exception) -> None:
        raise ConnectorError(
            f"{self.name} took epoch {epoch}, but not all of its rows",
            code="connector.store-error",
            where=Where(server=self.name),
            detail=f"Somebody changed a key between its check and the commit: {refused}",
            hint="Find what else writes keys of this table's pattern, then `tidemill reconcile`.",
        )

    def abort(self) -> None:
        """Discard the MULTI, and forget the rows that wait."""
        for writer in self._writers.values():
            writer.discard()
        if self._in_multi:
            # Not DISCARD: after a failure nobody knows how many replies are still to come.
            self._disconnect()
        self._in_multi, self._queued = False, 0

    def _disconnect(self) -> None:
        self._connection.close()
        self._asker.close()
        self._connected = False

    def close(self) -> None:
        """Give the connections back; an open MULTI is discarded by Redis."""
        for writer in self._writers.values():
            writer.discard()
        self._disconnect()
        self._in_multi = self._opened = False
