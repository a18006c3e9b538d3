"""The laws of sinks and sources, on a folder with SQLite and on S3 with Postgres."""

from __future__ import annotations

from typing import Any

import pytest

from tidemill.interfaces.sink import CommitGroup
from tidemill.model import Batch
from tidemill.testing import SinkContract


class TestSink(SinkContract):
    key: tuple[str, ...] = ()
    partitioned: tuple[str, ...] = ()

    @pytest.fixture(autouse=True)
    def _lake(self, lake: Any) -> None:
        self.lake = lake

    def descriptor(self) -> Any:
        return self.lake.table(key=self.key, partitioned=self.partitioned)

    def group(self) -> CommitGroup:
        group: CommitGroup = self.lake.group(self.descriptor())
        return group

    def batch(self, first: int, count: int) -> Batch:
        rows = [(i, f"é {i % 3}") for i in range(first, first + count)]
        made: Batch = self.lake.batch(rows, self.descriptor())
        return made

    def visible(self) -> list[Any]:
        return sorted(row[0] for row in self.lake.rows("a"))


class TestKeyedSink(TestSink):
    key = ("a",)


class TestPartitionedSink(TestSink):
    partitioned = ("b",)


@pytest.mark.servers
class TestSharedSink(TestSink):
    @pytest.fixture(autouse=True)
    def _lake(self, shared_lake: Any) -> None:
        self.lake = shared_lake
