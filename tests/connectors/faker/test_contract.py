"""The faker source keeps the laws of sources: what it makes is exact and repeatable."""

from __future__ import annotations

from typing import ClassVar

import pytest

from tidemill.connectors.faker.connector import CONNECTOR
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.source import Source
from tidemill.model import Column, DataType, Schema, TableDescriptor
from tidemill.model.types import BIGINT, STRING, timestamp
from tidemill.testing import SourceContract


class TestFaker(SourceContract):
    unbounded = False
    columns: ClassVar[dict[str, DataType]] = {"i": BIGINT, "s": STRING, "ts": timestamp(3)}
    options: ClassVar[dict[str, str]] = {
        "seed": "7",
        "start-time": "2026-01-01 00:00:00",
        "fields.i.expression": "#{number.numberBetween '0','1000000'}",
        "fields.s.expression": "#{Name.fullName} #{regexify '(a|b[0-9]{1,3}){2}'} #{Internet.uuid}",
        "fields.s.null-rate": "0.2",
        "fields.ts.expression": "#{date.past '15','5','SECONDS'}",
    }

    @pytest.fixture(autouse=True)
    def _start(self) -> None:
        self.rows = 0

    def fill(self, count: int) -> None:
        self.rows += count

    def source(self, *, bounded: bool) -> Source:
        assert bounded and CONNECTOR.source is not None
        schema = Schema(tuple(Column(name, type_) for name, type_ in self.columns.items()))
        given = {"connector": "faker", **self.options, "number-of-rows": str(self.rows)}
        return CONNECTOR.source(TableDescriptor("f", schema, given), JobContext("job", {}))
