"""The kafka source and sink keep the laws of sources and sinks, on a real broker."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest

from tidemill.interfaces.sink import CommitGroup
from tidemill.interfaces.source import Source
from tidemill.model import Batch
from tidemill.testing import SinkContract, SourceContract

pytestmark = pytest.mark.servers


class TestSource(SourceContract):
    @pytest.fixture(autouse=True)
    def _bench(self, bench: Any) -> None:
        self.bench = bench
        self.filled = 0

    def fill(self, count: int) -> None:
        numbers = range(self.filled, self.filled + count)
        self.filled += count
        values = [json.dumps({"a": i, "b": "x" * (i % 7)}).encode() for i in numbers]
        for partition in (0, 1):
            self.bench.produce(values[partition::2], partition=partition)

    def source(self, *, bounded: bool) -> Source:
        return self.bench.source(bounded)


class TestSourceOverTransactions(TestSource):
    """Offsets have holes where the broker writes its markers, and aborted rows are not there."""

    def fill(self, count: int) -> None:
        group = self.bench.group()
        try:
            held = group.open() or 0
            rows = [{"a": self.filled + i, "b": "y"} for i in range(count)]
            self.filled += count
            group.writer("t").write(self.bench.batch(rows[: count // 2]))
            group.prepare(held + 1)
            group.commit(held + 1, {})
            group.writer("t").write(self.bench.batch([{"a": -1, "b": "aborted"}] * 5))
            group.prepare(held + 2)
            group.abort()
            group.writer("t").write(self.bench.batch(rows[count // 2 :]))
            group.prepare(held + 3)
            group.commit(held + 3, {})
        finally:
            group.close()  # waits until readers can reach what was committed


class Sink(SinkContract):
    options: ClassVar[dict[str, str]] = {}

    @pytest.fixture(autouse=True)
    def _bench(self, bench: Any) -> None:
        self.bench = bench

    def group(self) -> CommitGroup:
        return self.bench.group(**self.options)

    def batch(self, first: int, count: int) -> Batch:
        return self.bench.batch([{"a": first + i, "b": f"r{i}"} for i in range(count)])

    def visible(self) -> list[Any]:
        return sorted(json.loads(r.value)["a"] for r in self.bench.records())


class TestExactlyOnceSink(Sink):
    pass


class TestAtLeastOnceSink(Sink):
    options: ClassVar = {"sink_delivery__guarantee": "at-least-once"}


class TestExactlyOnceSinkInPython(Sink):
    """Where the native crate is not installed or cannot serve."""

    @pytest.fixture(autouse=True)
    def _python(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TIDEMILL_NATIVE", "0")


class _Upsert:
    """Tables of `upsert-kafka`, keyed by `a`."""

    @pytest.fixture(autouse=True)
    def _upsert(self, _bench: None, bench: Any) -> None:
        bench.connector = "upsert-kafka"
        bench.primary_key = ("a",)
        bench.options = {"key.format": "json", "value.format": "json"}


class TestUpsertSource(_Upsert, TestSource):
    def fill(self, count: int) -> None:
        numbers = range(self.filled, self.filled + count)
        self.filled += count
        values = [json.dumps({"a": i, "b": "x" * (i % 7)}).encode() for i in numbers]
        keys = [json.dumps({"a": i}).encode() for i in numbers]
        for partition in (0, 1):
            self.bench.produce(values[partition::2], keys[partition::2], partition=partition)


class TestUpsertSourceOverTransactions(_Upsert, TestSourceOverTransactions):
    pass


class TestUpsertExactlyOnceSink(_Upsert, TestExactlyOnceSink):
    pass


class TestUpsertAtLeastOnceSink(_Upsert, TestAtLeastOnceSink):
    pass


class TestUpsertBufferedSink(_Upsert, Sink):
    """Rows wait in the writer until `prepare`, and are committed all the same."""

    options: ClassVar = {
        "sink_buffer__flush_max__rows": "100",
        "sink_buffer__flush_interval": "1 s",
    }
