"""The blackhole sink keeps the laws of sinks; what it took is seen in its counter."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from tidemill.connectors.blackhole.connector import CONNECTOR
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.sink import CommitGroup
from tidemill.model import Batch, Column, Schema, TableDescriptor
from tidemill.model.types import INT
from tidemill.testing import SinkContract

TABLE = TableDescriptor("t", Schema((Column("a", INT),)), {"connector": "blackhole"})


class TestSink(SinkContract):
    def group(self) -> CommitGroup:
        assert CONNECTOR.commit_group is not None
        self.last = CONNECTOR.commit_group([TABLE], JobContext("job", {}))
        return self.last

    def batch(self, first: int, count: int) -> Batch:
        return Batch(pa.record_batch({"a": pa.array(range(first, first + count), pa.int32())}))

    def visible(self) -> list[Any]:
        return list(range(self.last.writer("t").rows_total))  # type: ignore[attr-defined]
