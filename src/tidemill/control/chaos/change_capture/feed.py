"""Transactions on the captured table: what is done follows from the seed, how far from the machine.

A commit that nobody answered may have got through: the keys are then read anew from the table.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from random import Random
from typing import Any

import psycopg

from tidemill.control.chaos.change_capture.transactions import COLUMNS, Transactions
from tidemill.control.chaos.feed_thread import FeedThread
from tidemill.control.chaos.servers import ChaosServers

_TICK_S = 0.02
_AGAIN_S = 0.3


class CaptureFeed(FeedThread):
    """Writes about `rate` rows a second from a thread of its own."""

    def __init__(self, servers: ChaosServers, name: str, seed: int, rate: int) -> None:
        super().__init__()
        self._servers, self._rate = servers, rate
        self._made = Transactions(name, Random(f"tidemill chaos rows {seed}"))  # noqa: S311
        self.rows = 0
        self._turn = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None

    def fill(self, rows: int) -> None:
        """Write the first rows, before anybody captures."""
        with self._servers.sql() as connection:
            self._made.look(connection)
            while len(self._made.keys) < rows:
                self.rows += self._made.insert(connection)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Write nothing while the block runs; a transaction under way ends first."""
        with self._turn:
            yield

    def without(self, *columns: str) -> None:
        """Write rows without these columns from now on; to be called while the feed is held."""
        self._made.columns = tuple(name for name in COLUMNS if name not in columns)

    def forget(self) -> None:
        """Somebody else has written the table: look at it before the next transaction."""
        self._leave()

    def close(self) -> None:
        """End at once."""
        super().close()
        self._leave()

    def run(self) -> None:
        """Write until the end."""
        begun_at, done = time.monotonic(), 0
        while not self.ending.wait(_TICK_S):
            due = int((time.monotonic() - begun_at) * self._rate)
            if done >= due:
                continue
            with self._turn:
                try:
                    done += self._one()
                except psycopg.OperationalError:  # it is being restarted
                    self._leave()
                    self.ending.wait(_AGAIN_S)
            # What could not be written in time is left out, not made up for in one go.
            if due - done > self._rate:
                begun_at, done = time.monotonic(), 0

    def _one(self) -> int:
        if self._connection is None:
            self._connection = self._servers.sql()
            self._made.look(self._connection)
        rows = self._made.next(self._connection)
        self.rows += rows
        return rows

    def _leave(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
            self._connection = None
