"""The jdbc scan and sink keep the laws of sources and sinks, on a real Postgres."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from tidemill.connectors.jdbc.connector import CONNECTOR
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.sink import CommitGroup
from tidemill.interfaces.source import Source
from tidemill.model import Batch, TableDescriptor
from tidemill.model import types as t
from tidemill.testing import SinkContract, SourceContract

pytestmark = pytest.mark.servers


class Postgres:
    key: ClassVar[tuple[str, ...]] = ("id",)
    options: ClassVar[dict[str, str]] = {}

    @pytest.fixture(autouse=True)
    def _database(self, database: Any, name: str, job: str) -> None:
        self.database, self.table, self.job = database, name, job
        constraint = "PRIMARY KEY" if self.key else ""
        database.run(f"CREATE TABLE {name} (id int {constraint}, v text)")

    def descriptor(self) -> TableDescriptor:
        columns = {"id": t.INT, "v": t.STRING}
        made = self.database.table(self.table, columns, key=self.key, **self.options)
        assert isinstance(made, TableDescriptor)
        return made


class TestScan(Postgres, SourceContract):
    unbounded = False

    def fill(self, count: int) -> None:
        self.database.run(
            f"INSERT INTO {self.table} SELECT n + i, 'v' || (n + i) FROM generate_series(1, %s) i,"
            f" (SELECT count(*)::int AS n FROM {self.table}) c",
            count,
        )

    def source(self, *, bounded: bool) -> Source:
        assert bounded and CONNECTOR.source is not None
        return CONNECTOR.source(self.descriptor(), JobContext(self.job, {}))


class TestScanWithoutKey(TestScan):
    key: ClassVar = ()


class TestScanInPartitions(TestScan):
    options: ClassVar = {
        "scan__partition__column": "id", "scan__partition__num": "3",
        "scan__partition__lower-bound": "1", "scan__partition__upper-bound": "500",
        "scan__fetch-size": "11",
    }  # fmt: skip


class TestScanOfView(TestScan):
    """A view without a key is read in the order of its columns, by count."""

    key: ClassVar = ()

    def descriptor(self) -> TableDescriptor:
        view = f"{self.table}_view"
        self.database.run(f"CREATE OR REPLACE VIEW {view} AS SELECT * FROM {self.table}")
        columns = {"id": t.INT, "v": t.STRING}
        made = self.database.table(view, columns)
        assert isinstance(made, TableDescriptor)
        return made


class TestUpsertSink(Postgres, SinkContract):
    def group(self) -> CommitGroup:
        made: CommitGroup = self.database.group(self.descriptor(), job=self.job)
        return made

    def batch(self, first: int, count: int) -> Batch:
        rows = [(first + i, f"r{i}") for i in range(count)]
        made = self.database.batch(self.descriptor(), rows)
        assert isinstance(made, Batch)
        return made

    def visible(self) -> list[Any]:
        return [number for (number,) in self.database.rows(self.table, "id")]


class TestAppendSink(TestUpsertSink):
    key: ClassVar = ()
