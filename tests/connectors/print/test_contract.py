"""The print sink keeps the laws of sinks, as far as a stream of text can: it takes nothing back."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pytest

from tidemill.connectors.print.connector import CONNECTOR
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.sink import CommitGroup
from tidemill.model import Batch, Column, Schema, TableDescriptor
from tidemill.model.types import INT, STRING
from tidemill.testing import SinkContract

SCHEMA = Schema((Column("a", INT), Column("b", STRING)))


class TestStandardOutput(SinkContract):
    to_error = "false"

    @pytest.fixture(autouse=True)
    def _streams(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys
        self.seen: list[int] = []

    def group(self) -> CommitGroup:
        assert CONNECTOR.commit_group is not None
        options = {"connector": "print", "standard-error": self.to_error}
        return CONNECTOR.commit_group([TableDescriptor("t", SCHEMA, options)], JobContext("j", {}))

    def batch(self, first: int, count: int) -> Batch:
        rows = [{"a": first + i, "b": f"r{i}"} for i in range(count)]
        return Batch(pa.RecordBatch.from_pylist(rows, schema=SCHEMA.arrow()))

    def visible(self) -> list[Any]:
        shown = self.capsys.readouterr()
        used, unused = (shown.err, shown.out) if self.to_error == "true" else (shown.out, shown.err)
        assert unused == ""
        lines = [re.fullmatch(r"\+I\[(\d+), r\d+\]", line) for line in used.splitlines()]
        self.seen += [int(line[1]) for line in lines if line is not None]
        assert None not in lines
        return sorted(self.seen)


class TestStandardError(TestStandardOutput):
    to_error = "true"
