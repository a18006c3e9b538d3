"""The laws of sources and sinks: streams of Kinesis, the sink at least once as Flink's is."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from tests.connectors.kinesis.conftest import JOB, put, table, written

from tidemill.connectors.kinesis.connector import CONNECTOR
from tidemill.interfaces.sink import CommitGroup
from tidemill.interfaces.source import Source
from tidemill.model import Batch
from tidemill.testing import SinkContract, SourceContract, UntilCaughtUp


class Kinesis:
    @pytest.fixture(autouse=True)
    def _stream(self, client: Any, endpoint: str, stream: str) -> None:
        self.client, self.stream, self.filled = client, stream, 0
        self.described = table(endpoint, stream)


class TestSource(Kinesis, SourceContract):
    def fill(self, count: int) -> None:
        put(self.client, self.stream, range(self.filled, self.filled + count))
        self.filled += count

    def source(self, *, bounded: bool) -> Source:
        made: Source = CONNECTOR.source(self.described, JOB)
        return UntilCaughtUp(made) if bounded else made


class TestSink(Kinesis, SinkContract):
    def group(self) -> CommitGroup:
        made: CommitGroup = CONNECTOR.commit_group([self.described], JOB)
        return made

    def batch(self, first: int, count: int) -> Batch:
        ids = pa.array(range(first, first + count), pa.int32())
        return Batch(pa.record_batch({"id": ids, "v": ids.cast(pa.string())}))

    def visible(self) -> list[Any]:
        return sorted(json.loads(r["Data"])["id"] for r in written(self.client, self.stream))
