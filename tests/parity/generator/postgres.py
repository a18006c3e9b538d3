"""The table in Postgres that lookup joins of generated queries ask."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from generator.tables import LOOKED_UP_ROWS
from tidemill.interfaces.service import Endpoint


@contextmanager
def looked_up(server: Endpoint) -> Iterator[str]:
    """Make the table, and drop it in the end; its options, as SQL writes them."""
    name, properties = f"generated_{uuid.uuid4().hex[:8]}", server.properties
    table, password = sql.Identifier(name), server.secrets["password"]
    with psycopg.connect(
        host=server.host, port=server.ports["sql"], user=properties["user"], password=password,
        dbname=properties["database"], autocommit=True,
    ) as connection:  # fmt: skip
        connection.execute(
            sql.SQL("CREATE TABLE {} (k text, j int, w numeric(10, 2), z timestamp(3))").format(
                table
            )
        )
        with connection.cursor() as cursor:
            insert = sql.SQL("INSERT INTO {} VALUES (%s, %s, %s, %s)").format(table)
            cursor.executemany(insert, LOOKED_UP_ROWS)
        try:
            yield (
                "'connector' = 'jdbc', 'url' = 'jdbc:postgresql://"
                f"{server.host}:{server.ports['sql']}/{properties['database']}', 'table-name' = "
                f"'{name}', 'username' = '{properties['user']}', 'password' = '{password}'"
            )
        finally:
            connection.execute(sql.SQL("DROP TABLE {}").format(table))
