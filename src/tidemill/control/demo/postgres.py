"""The demo as a client of the project's Postgres: the part an application would play."""

from __future__ import annotations

from typing import Any

import psycopg

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
