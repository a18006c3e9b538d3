"""A table in a real Postgres, its descriptor as `postgres-cdc`, and its slot's end."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from tidemill.connectors.postgres_cdc.connector import CONNECTOR
from tidemill.connectors.postgres_cdc.source import PostgresCdcSource
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.service import Endpoint
from tidemill.model import Column, DataType, RowKind, Schema, TableDescriptor
from tidemill.model import types as t

COLUMNS = {"id": t.INT, "v": t.STRING}


class Cdc:
    """One table and its slot, both of one name."""

    def __init__(self, endpoint: Endpoint, name: str) -> None:
        self.endpoint, self.name = endpoint, name
        self.admin = self.connect()
        self.opened: list[PostgresCdcSource] = []

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=self.endpoint.host, port=self.endpoint.ports["sql"],
            user=self.endpoint.properties["user"], password=self.endpoint.secrets["password"],
            dbname=self.endpoint.properties["database"], autocommit=True,
        )  # fmt: skip

    def run(self, text: str, *values: Any) -> list[tuple]:
        cursor = self.admin.execute(text.format(t=self.name), values or None)
        return cursor.fetchall() if cursor.description else []

    def create(self, columns: str = "id int PRIMARY KEY, v text", *, full: bool = True) -> None:
        self.run("CREATE TABLE {t} (" + columns + ")")
        if full:
            self.run("ALTER TABLE {t} REPLICA IDENTITY FULL")

    def table(
        self, columns: dict[str, DataType | Column] | None = None, **options: str
    ) -> TableDescriptor:
        made = tuple(
            c if isinstance(c, Column) else Column(n, c.with_nullable(n != "id"))
            for n, c in (columns or COLUMNS).items()
        )
        given = {
            "connector": "postgres-cdc", "hostname": self.endpoint.host,
            "port": str(self.endpoint.ports["sql"]), "username": self.endpoint.properties["user"],
            "password": self.endpoint.secrets["password"],
            "database-name": self.endpoint.properties["database"], "schema-name": "public",
            "table-name": self.name, "slot.name": self.name,
            **{k.replace("__", ".").replace("_", "-"): v for k, v in options.items()},
        }  # fmt: skip
        return TableDescriptor(self.name, Schema(made), given, primary_key=("id",))

    def source(self, table: TableDescriptor | None = None, **options: str) -> PostgresCdcSource:
        table = table or self.table(**options)
        CONNECTOR.source_changelog(table, JobContext("job", {}))
        source = CONNECTOR.source(table, JobContext("job", {}))
        self.opened.append(source)
        return source

    def slot(self) -> dict[str, Any] | None:
        rows = self.run("SELECT to_jsonb(s) FROM pg_replication_slots s WHERE slot_name = '{t}'")
        return rows[0][0] if rows else None

    def clean(self) -> None:
        for source in self.opened:
            source.close()
        for _ in range(100):
            with contextlib.suppress(psycopg.errors.ObjectInUse, psycopg.errors.UndefinedObject):
                if self.slot() is not None:
                    self.run("SELECT pg_drop_replication_slot('{t}')")
                break
            time.sleep(0.1)
        self.run("DROP PUBLICATION IF EXISTS {t}")
        self.run("DROP TABLE IF EXISTS {t} CASCADE")
        self.admin.close()


def changes(source: PostgresCdcSource, *, rows_max: int = 1000) -> list[tuple]:
    """All that is there, as (kind, values...)."""
    found: list[tuple] = []
    deadline = time.monotonic() + 60
    while True:
        batches = source.read(rows_max, 50)
        for batch in batches:
            assert not batch.dead_letters
            found += rows_of(batch)
        if not batches and source.caught_up():
            return found
        assert time.monotonic() < deadline


def rows_of(batch: Any) -> list[tuple]:
    """The rows of a batch, as (kind, values...)."""
    kinds = [0] * len(batch.rows) if batch.kinds is None else batch.kinds.to_pylist()
    rows = [tuple(row.values()) for row in batch.rows.to_pylist()]
    return [(RowKind(k).short, *row) for k, row in zip(kinds, rows, strict=True)]


@pytest.fixture
def cdc(postgres_endpoint: Endpoint, unique_name: Callable[[str], str]) -> Iterator[Cdc]:
    made = Cdc(postgres_endpoint, unique_name("cdc").lower())
    yield made
    made.clean()
