"""The redis scan and sink keep the laws of sources and sinks, on a real server."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from tidemill.connectors.redis.connector import CONNECTOR
from tidemill.interfaces.sink import CommitGroup
from tidemill.interfaces.source import Source
from tidemill.model import Batch, TableDescriptor
from tidemill.model import types as t
from tidemill.testing import SinkContract, SourceContract

pytestmark = pytest.mark.servers


class Redis:
    primary: ClassVar[tuple[str, ...]] = ("id",)
    options: ClassVar[dict[str, str]] = {}

    @pytest.fixture(autouse=True)
    def _server(self, server: Any, name: str, job: str) -> None:
        self.server, self.name, self.job = server, name, job

    def descriptor(self) -> TableDescriptor:
        columns = {"id": t.INT, "v": t.STRING}
        made = self.server.table(
            f"{self.name}:{{id}}", columns, primary=self.primary, **self.options
        )
        assert isinstance(made, TableDescriptor)
        return made


class TestScan(Redis, SourceContract):
    unbounded = False

    def fill(self, count: int) -> None:
        there = len(self.server.client.keys(f"{self.name}:*"))
        pipe = self.server.client.pipeline()
        for i in range(there + 1, there + count + 1):
            pipe.hset(f"{self.name}:{i}", mapping={"id": i, "v": f"v{i}"})
        pipe.execute()

    def source(self, *, bounded: bool) -> Source:
        assert bounded and CONNECTOR.source is not None
        return CONNECTOR.source(self.descriptor(), self.server.job(self.job))


class TestHashes(Redis, SinkContract):
    def group(self) -> CommitGroup:
        made: CommitGroup = self.server.group(self.descriptor(), job=self.job)
        return made

    def batch(self, first: int, count: int) -> Batch:
        made = self.server.batch(self.descriptor(), [(first + i, f"r{i}") for i in range(count)])
        assert isinstance(made, Batch)
        return made

    def visible(self) -> list[Any]:
        keys = self.server.client.keys(f"{self.name}:*")
        return sorted(int(key.rpartition(":")[2]) for key in keys)


class TestStrings(TestHashes):
    options: ClassVar = {"mode": "string"}


class TestStreams(TestHashes):
    primary: ClassVar = ()
    options: ClassVar = {"mode": "stream"}

    def descriptor(self) -> TableDescriptor:
        columns = {"id": t.INT, "v": t.STRING}
        made = self.server.table(self.name, columns, **self.options)
        assert isinstance(made, TableDescriptor)
        return made

    def visible(self) -> list[Any]:
        return [int(fields["id"]) for _, fields in self.server.client.xrange(self.name)]
