"""The datagen source keeps the laws of sources: what it makes is exact and repeatable."""

from __future__ import annotations

from typing import ClassVar

import pytest

from tidemill.connectors.datagen.connector import CONNECTOR
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.source import Source
from tidemill.model import Column, DataType, Schema, TableDescriptor
from tidemill.model.types import BIGINT, INT, STRING, timestamp
from tidemill.testing import SourceContract


class Datagen(SourceContract):
    unbounded = False
    columns: ClassVar[dict[str, DataType]] = {}
    options: ClassVar[dict[str, str]] = {}

    @pytest.fixture(autouse=True)
    def _start(self) -> None:
        self.rows = 0

    def fill(self, count: int) -> None:
        self.rows += count

    def limits(self) -> dict[str, str]:
        return {"number-of-rows": str(self.rows)}

    def source(self, *, bounded: bool) -> Source:
        assert bounded and CONNECTOR.source is not None
        schema = Schema(tuple(Column(name, type_) for name, type_ in self.columns.items()))
        given = {"connector": "datagen", **self.options, **self.limits()}
        return CONNECTOR.source(TableDescriptor("gen", schema, given), JobContext("job", {}))


class TestRandom(Datagen):
    columns: ClassVar = {"i": BIGINT, "s": STRING, "ts": timestamp(3)}
    options: ClassVar = {"seed": "7", "start-time": "2026-01-01 00:00:00"}


class TestSequence(Datagen):
    columns: ClassVar = {"i": INT}
    options: ClassVar = {"fields.i.kind": "sequence", "fields.i.start": "1"}

    def limits(self) -> dict[str, str]:
        return {"fields.i.end": str(self.rows)}
