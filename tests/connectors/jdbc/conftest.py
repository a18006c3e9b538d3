"""A Postgres database of the test session, and helpers to fill and read tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from psycopg import sql

from tidemill.connectors.jdbc.connector import CONNECTOR
from tidemill.connectors.jdbc.sink import JdbcGroup
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.service import Endpoint
from tidemill.model import Batch, Column, DataType, DeadLetter, Schema, TableDescriptor


class Database:
    """One real database: connection, table descriptors, batches, sinks."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.user = endpoint.properties["user"]
        self.password = endpoint.secrets["password"]
        self.name = endpoint.properties["database"]
        self.url = f"jdbc:postgresql://{endpoint.host}:{endpoint.ports['sql']}/{self.name}"
        self.admin = self.connect()
        self.opened: list[JdbcGroup] = []

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=self.endpoint.host, port=self.endpoint.ports["sql"], user=self.user,
            password=self.password, dbname=self.name, autocommit=True,
        )  # fmt: skip

    def run(self, text: str, *values: Any) -> list[tuple]:
        cursor = self.admin.execute(text, values or None)
        return cursor.fetchall() if cursor.description else []

    def rows(self, table: str, columns: str = "*", order: str = "1") -> list[tuple]:
        return self.run(f"SELECT {columns} FROM {table} ORDER BY {order}")

    def table(
        self, name: str, columns: dict[str, DataType], *, key: tuple[str, ...] = (), **options: str
    ) -> TableDescriptor:
        schema = Schema(
            tuple(Column(n, ty.with_nullable(n not in key)) for n, ty in columns.items())
        )
        given = {
            "connector": "jdbc", "url": self.url, "table-name": name, "username": self.user,
            "password": self.password,
            **{k.replace("__", ".").replace("_", "-"): v for k, v in options.items()},
        }  # fmt: skip
        return TableDescriptor(name, schema, given, primary_key=key)

    def group(self, *tables: TableDescriptor, job: str = "job") -> JdbcGroup:
        group = CONNECTOR.commit_group(list(tables), JobContext(job, {}))
        self.opened.append(group)  # type: ignore[arg-type]
        return group  # type: ignore[return-value]

    def batch(self, table: TableDescriptor, rows: list[tuple], kinds: str | None = None) -> Batch:
        """`kinds` has one of `+ - = d` per row: +I, -U, +U, -D."""
        arrow = table.schema.arrow()
        columns = [pa.array([r[i] for r in rows], f.type) for i, f in enumerate(arrow)]
        # the sink must cope with NULLs in NOT NULL columns, so the batch does not promise any
        loose = pa.schema([f.with_nullable(True) for f in arrow])
        record = pa.RecordBatch.from_arrays(columns, schema=loose)
        if kinds is None:
            return Batch(record, None)
        return Batch(record, pa.array(["+-=d".index(k) for k in kinds], pa.int8()))

    def write(
        self, group: JdbcGroup, epoch: int, *writes: tuple[TableDescriptor, list[tuple], str | None]
    ) -> list[DeadLetter]:
        """One whole epoch."""
        letters: list[DeadLetter] = []
        for table, rows, kinds in writes:
            letters += group.writer(table.name).write(self.batch(table, rows, kinds))
        letters += group.prepare(epoch)
        group.commit(epoch, {})
        return letters

    def identifier(self, name: str) -> sql.Identifier:
        return sql.Identifier(name)


@pytest.fixture(scope="session")
def database(postgres_endpoint: Endpoint) -> Iterator[Database]:
    made = Database(postgres_endpoint)
    yield made
    made.admin.close()


@pytest.fixture(autouse=True)
def _close_groups(database: Database) -> Iterator[None]:
    yield
    while database.opened:
        database.opened.pop().close()


@pytest.fixture
def job(unique_name: Callable[[str], str]) -> str:
    """A job name of this test alone."""
    return unique_name("job")


@pytest.fixture
def name(unique_name: Callable[[str], str]) -> str:
    """A table name of this test alone."""
    return unique_name("t")
