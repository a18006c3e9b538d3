"""The laws of sinks and sources, on a folder with SQLite and on S3 with Postgres."""

from __future__ import annotations

from typing import Any

import pytest

from tidemill.interfaces.sink import CommitGroup
from tidemill.interfaces.source import Source
from tidemill.model import Batch
from tidemill.testing import SinkContract, SourceContract


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


@pytest.mark.servers
class TestSharedSink(TestSink):
    @pytest.fixture(autouse=True)
    def _lake(self, shared_lake: Any) -> None:
        self.lake = shared_lake


class TestSource(SourceContract):
    @pytest.fixture(autouse=True)
    def _lake(self, lake: Any) -> None:
        self.lake = lake
        self.filled = 0

    def fill(self, count: int) -> None:
        """Several snapshots, each of several files."""
        table = self.lake.table(partitioned=("b",))
        for size in (count // 3, count - count // 3):
            rows = [(self.filled + i, f"é {i % 2}") for i in range(size)]
            self.filled += size
            self.lake.write(rows, table)

    def source(self, *, bounded: bool) -> Source:
        streaming = {
            "streaming": "true",
            "monitor_interval": "20 ms",
            "starting_strategy": "TABLE_SCAN_THEN_INCREMENTAL",
        }
        source: Source = self.lake.source(self.lake.table(**({} if bounded else streaming)))
        return source


class TestStreamedSource(TestSource):
    """All snapshots one by one, as far as they go when asked."""

    def source(self, *, bounded: bool) -> Source:
        table = self.lake.table(
            streaming="true", monitor_interval="20 ms",
            starting_strategy="INCREMENTAL_FROM_EARLIEST_SNAPSHOT",
        )  # fmt: skip
        source: Source = self.lake.source(table)
        if bounded:
            source.finished = source.caught_up  # type: ignore[method-assign]
        return source
