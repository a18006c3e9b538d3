"""The demo as a client of the project's Postgres: the part an application would play."""

from __future__ import annotations

import time
from typing import Any

import psycopg

from tidemill.errors import ServiceError, Where
from tidemill.interfaces.service import Endpoint

TABLE = "nyc_taxi"


def connect(endpoint: Endpoint, *, autocommit: bool = False) -> psycopg.Connection[Any]:
    """Open a connection; loopback, UTC, as the project's own user."""
    return psycopg.connect(
        host=endpoint.host,
        port=endpoint.ports["sql"],
        user=endpoint.properties["user"],
        dbname=endpoint.properties["database"],
        password=endpoint.secrets.get("password"),
        application_name="tidemill-demo",
        options="-c timezone=UTC",
        connect_timeout=10,
        autocommit=autocommit,
    )


class Asker:
    """Asks for single values, over restarts of the server.

    Guarantees: a lost connection is opened again for up to `patience_s`; then ServiceError.
    """

    def __init__(self, endpoint: Endpoint, patience_s: float = 60.0) -> None:
        self._endpoint = endpoint
        self._patience_s = patience_s
        self._connection: psycopg.Connection[Any] | None = None

    def one(self, query: bytes) -> Any:
        """The first value of the first row; None where there is no row."""
        limit = time.monotonic() + self._patience_s
        while True:
            try:
                if self._connection is None:
                    self._connection = connect(self._endpoint, autocommit=True)
                row = self._connection.execute(query).fetchone()
                return row[0] if row else None
            except psycopg.OperationalError as error:
                self.close()
                if time.monotonic() > limit:
                    raise ServiceError(
                        "postgres does not answer",
                        code="demo.load-failed",
                        where=Where(server="postgres"),
                        detail=str(error).strip().splitlines()[0],
                        hint="Look at it: tidemill logs postgres",
                    ) from None
                time.sleep(0.3)

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
