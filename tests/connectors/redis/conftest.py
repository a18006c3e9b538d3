"""A Redis server of the test session, and helpers to fill and read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pytest
import redis

from tidemill.connectors.redis.connector import CONNECTOR
from tidemill.connectors.redis.sink import RedisGroup
from tidemill.formats import FORMATS
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.service import Endpoint
from tidemill.model import Batch, Column, DataType, DeadLetter, Schema, TableDescriptor


class Server:
    """One real server: client, table descriptors, batches, sinks."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.url = endpoint.properties["url"]
        self.user = endpoint.properties["user"]
        self.password = endpoint.secrets["password"]
        self.client = redis.Redis(
            host=endpoint.host, port=endpoint.ports["redis"], username=self.user,
            password=self.password, decode_responses=True,
        )  # fmt: skip
        self.opened: list[Any] = []

    def table(
        self, key: str, columns: dict[str, DataType], *, primary: tuple[str, ...] = (),
        name: str = "t", **options: str,
    ) -> TableDescriptor:  # fmt: skip
        schema = Schema(
            tuple(Column(n, ty.with_nullable(n not in primary)) for n, ty in columns.items())
        )
        given = {
            "connector": "redis", "url": self.url, "username": self.user,
            "password": self.password, "key": key,
            **{k.replace("__", ".").replace("_", "-"): v for k, v in options.items()},
        }  # fmt: skip
        return TableDescriptor(name, schema, given, primary_key=primary)

    def job(self, name: str) -> JobContext:
        return JobContext(name, FORMATS)

    def group(self, *tables: TableDescriptor, job: str = "job") -> RedisGroup:
        group = CONNECTOR.commit_group(list(tables), self.job(job))
        self.opened.append(group)
        return group  # type: ignore[return-value]

    def batch(self, table: TableDescriptor, rows: list[tuple], kinds: str | None = None) -> Batch:
        """`kinds` has one of `+ - = d` per row: +I, -U, +U, -D."""
        arrow = table.schema.arrow()
        columns = [pa.array([r[i] for r in rows], f.type) for i, f in enumerate(arrow)]
        loose = pa.schema([f.with_nullable(True) for f in arrow])
        record = pa.RecordBatch.from_arrays(columns, schema=loose)
        if kinds is None:
            return Batch(record, None)
        return Batch(record, pa.array(["+-=d".index(k) for k in kinds], pa.int8()))

    def write(
        self, group: RedisGroup, epoch: int, *writes: tuple[TableDescriptor, list, str | None]
    ) -> list[DeadLetter]:  # fmt: skip
        """One whole epoch."""
        letters: list[DeadLetter] = []
        for table, rows, kinds in writes:
            letters += group.writer(table.name).write(self.batch(table, rows, kinds))
        letters += group.prepare(epoch)
        group.commit(epoch, {})
        return letters


@pytest.fixture(scope="session")
def server(redis_endpoint: Endpoint) -> Iterator[Server]:
    made = Server(redis_endpoint)
    yield made
    made.client.close()


@pytest.fixture(autouse=True)
def _close_groups(server: Server) -> Iterator[None]:
    yield
    while server.opened:
        server.opened.pop().close()


@pytest.fixture
def job(unique_name: Callable[[str], str]) -> str:
    """A job name of this test alone."""
    return unique_name("job")


@pytest.fixture
def name(unique_name: Callable[[str], str]) -> str:
    """A begin of keys of this test alone."""
    return unique_name("k")
