"""Streams rows into the trips table at a chosen rate, as an application would insert them.

Guarantees: each row is inserted exactly once, in order, over any number of interruptions: a chunk
of rows and the count of rows loaded commit in one transaction, and the count is read back before
going on. A restart of Postgres is waited for. `stop` ends it between two chunks.
Non-guarantees: two loaders on one table at once (the demo's folder is locked against that).
"""

from __future__ import annotations

import io
import threading
import time
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.csv
from psycopg import sql

from tidemill.control.demo.nyc_taxi.columns import NAMES
from tidemill.control.demo.nyc_taxi.parts import Part
from tidemill.control.demo.postgres import TABLE, connect
from tidemill.errors import ServiceError, TidemillError, Where
from tidemill.interfaces.service import Endpoint

TICKS_PER_S = 10
CHUNK_ROWS_MAX = 10_000
RETRY_S = 0.5

_COPY = sql.SQL("COPY public.{} ({}) FROM STDIN (FORMAT csv)").format(
    sql.Identifier(TABLE), sql.SQL(", ").join(map(sql.Identifier, NAMES))
)


class Loader:
    """Inserts one part's rows from a thread of its own.

    Args:
        endpoint: the Postgres to load into.
        part: which part; its count of loaded rows says where to begin.
        trips: all rows of the part, in order.
        rate: rows per second; None for as fast as it goes.
        patience_s: how long a lost Postgres is waited for.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        part: Part,
        trips: pa.Table,
        *,
        rate: int | None,
        patience_s: float = 60.0,
    ) -> None:
        self._endpoint = endpoint
        self._part = part
        self._trips = trips
        self._rate = rate
        self._patience_s = patience_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demo-loader", daemon=True)
        self.rows_loaded = part.rows_loaded
        self.error: TidemillError | None = None

    def start(self) -> None:
        """Begin loading."""
        self._thread.start()

    def stop(self) -> None:
        """End after the chunk in hand, and wait for that."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until nothing more will be inserted."""
        self._thread.join(timeout_s)

    @property
    def finished(self) -> bool:
        """Whether nothing more will be inserted; look at `error` then."""
        return not self._thread.is_alive() and self._thread.ident is not None

    @property
    def rows_to_come(self) -> int:
        """How many rows of the part do not stand in the table yet."""
        return max(0, self._part.rows_total - self.rows_loaded)

    @property
    def complete(self) -> bool:
        """Whether all rows of the part stand in the table."""
        return self.rows_loaded >= self._part.rows_total

    def _run(self) -> None:
        lost_at: float | None = None
        while not self._stop.is_set() and not self.complete:
            try:
                with connect(self._endpoint) as connection:
                    self.rows_loaded = self._count(connection)
                    lost_at = None
                    self._load(connection)
            except psycopg.OperationalError as error:
                lost_at = lost_at or time.monotonic()
                if time.monotonic() - lost_at > self._patience_s:
                    self.error = _failed(error, "Look at it: tidemill logs postgres")
                    return
                self._stop.wait(RETRY_S)
            except (psycopg.Error, pa.ArrowException, OSError) as error:
                self.error = _failed(error, "Start again with empty tables: add --fresh.")
                return

    def _load(self, connection: psycopg.Connection[Any]) -> None:
        begun_at, begun_rows = time.monotonic(), self.rows_loaded
        chunk_rows = CHUNK_ROWS_MAX
        if self._rate is not None:
            chunk_rows = min(CHUNK_ROWS_MAX, max(1, self._rate // TICKS_PER_S))
        while not self._stop.is_set() and not self.complete:
            self.rows_loaded = self._insert(connection, chunk_rows)
            if self._rate is not None:
                due_at = begun_at + (self.rows_loaded - begun_rows) / self._rate
                self._stop.wait(max(0.0, due_at - time.monotonic()))

    def _insert(self, connection: psycopg.Connection[Any], rows: int) -> int:
        chunk = self._trips.slice(self.rows_loaded, rows)
        with connection.cursor() as cursor:
            with cursor.copy(_COPY) as copy:
                copy.write(_csv(chunk))
            loaded: int = self.rows_loaded + chunk.num_rows
            cursor.execute(
                "UPDATE public.trip_load SET rows_loaded = %s WHERE part = %s AND rows_loaded = %s",
                (loaded, self._part.number, self.rows_loaded),
            )
            if cursor.rowcount != 1:
                raise psycopg.DataError("another program changed the count of loaded rows")
        connection.commit()
        return loaded

    def _count(self, connection: psycopg.Connection[Any]) -> int:
        row = connection.execute(
            "SELECT rows_loaded FROM public.trip_load WHERE part = %s", (self._part.number,)
        ).fetchone()
        connection.commit()
        if row is None:
            raise psycopg.DataError("the record of this load is gone from public.trip_load")
        return int(row[0])


def _csv(rows: pa.Table) -> bytes:
    out = io.BytesIO()
    pyarrow.csv.write_csv(rows, out, pyarrow.csv.WriteOptions(include_header=False))
    return out.getvalue()


def _failed(error: Exception, hint: str) -> ServiceError:
    return ServiceError(
        "rows could not be inserted into public.nyc_taxi",
        code="demo.load-failed",
        where=Where(server="postgres", table="public.nyc_taxi"),
        detail=str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__,
        hint=hint,
    )
