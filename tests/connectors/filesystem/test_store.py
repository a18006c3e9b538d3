"""Tables in an object store: the laws of sources and sinks, and what only a store can do."""

from __future__ import annotations

import itertools
import json
import uuid
from typing import Any, ClassVar

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from tidemill.connectors.filesystem.connector import CONNECTOR
from tidemill.connectors.filesystem.seen import SeenKeys
from tidemill.connectors.filesystem.store_sink import StoreGroup
from tidemill.errors import ConnectorError, DoubtfulCommitError, ProjectError, StoreError
from tidemill.formats import FORMATS
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.sink import CommitGroup
from tidemill.interfaces.source import PartitionBatch, Source
from tidemill.model import Batch, Column, Schema, TableDescriptor
from tidemill.model.types import INT, STRING
from tidemill.stores import ObjectStore, open_store
from tidemill.testing import SinkContract, SourceContract, drain

pytestmark = pytest.mark.servers
SCHEMA = Schema((Column("a", INT), Column("b", STRING)))
JOB = JobContext("job", FORMATS)


class Lake:
    """A table under a prefix of its own."""

    format = "json"
    options: ClassVar[dict[str, str]] = {}

    @pytest.fixture(autouse=True)
    def _prefix(self, stack: Any) -> Any:
        endpoint = stack.endpoint("s3")
        keys = ("endpoint", "region", "access-key", "path-style-access")
        self.reach = {f"s3.{key}": endpoint.properties[key] for key in keys}
        self.reach["s3.secret-key"] = endpoint.secrets["secret-key"]
        self.prefix = f"files-{uuid.uuid4().hex}/"
        self.store: ObjectStore = open_store("s3://lake", self.reach)
        self.names = itertools.count(1)
        self.filled = 0
        yield
        self.store.close()

    def descriptor(self, path: str = "", **more: str) -> TableDescriptor:
        given = {
            "connector": "filesystem",
            "path": f"s3://lake/{self.prefix}{path}",
            "format": self.format,
        }
        return TableDescriptor("t", SCHEMA, {**given, **self.reach, **self.options, **more})

    def put(self, name: str, first: int, count: int) -> str:
        rows = [{"a": i, "b": f"é {i}"} for i in range(first, first + count)]
        content = "".join(json.dumps(row) + "\n" for row in rows).encode()
        return self.store.put(self.prefix + name, content)

    def keys(self) -> list[str]:
        return [info.key[len(self.prefix) :] for info in self.store.list(self.prefix)]

    def source(self, *, bounded: bool = True, path: str = "", **more: str) -> Source:
        assert CONNECTOR.source is not None
        watch = {} if bounded else {"source.monitor-interval": "20 ms"}
        return CONNECTOR.source(self.descriptor(path, **watch, **more), JOB)


class TestJsonSource(Lake, SourceContract):
    def fill(self, count: int) -> None:
        for part in (count // 2, count - count // 2):
            self.put(f"{next(self.names):03d}", self.filled, part)
            self.filled += part


class TestParquetSource(Lake):
    format = "parquet"

    def test_any_position_gives_exactly_the_rest(self) -> None:
        sink = pa.BufferOutputStream()
        rows = [{"a": i, "b": str(i)} for i in range(60)]
        table = pa.Table.from_pylist(rows, schema=SCHEMA.arrow())
        parquet.write_table(table, sink, row_group_size=17)
        for name in ("a.parquet", "b.parquet"):
            self.store.put(self.prefix + name, sink.getvalue().to_pybytes())
        whole = drain(self.source(), {}, rows_max=25)
        assert [row["a"] for row in whole.rows] == [*range(60), *range(60)]
        for count, positions in whole.stops:
            rest = drain(self.source(), positions, rows_max=1000)
            assert rest.rows == whole.rows[count:]


class TestJsonSink(Lake, SinkContract):
    def group(self) -> CommitGroup:
        assert CONNECTOR.commit_group is not None
        return CONNECTOR.commit_group([self.descriptor()], JOB)

    def batch(self, first: int, count: int) -> Batch:
        rows = [{"a": i, "b": "x"} for i in range(first, first + count)]
        return Batch(pa.RecordBatch.from_pylist(rows, schema=SCHEMA.arrow()))

    def visible(self) -> list[Any]:
        found = []
        for key in self.keys():
            if not key.startswith("."):
                lines = self.store.get(self.prefix + key).splitlines()
                found += [json.loads(line)["a"] for line in lines]
        return sorted(found)

    def test_a_crash_after_the_decision_is_made_good(self) -> None:
        group = self.group()
        assert isinstance(group, StoreGroup)
        group.open()
        self.write(group, 0, 10, epoch=1)
        group.commit(1, {})
        self.write(group, 10, 10, epoch=2)
        group._decisions.decide(2, group._uploads, [])  # the process dies here
        assert self.visible() == list(range(10))
        again = self.group()
        try:
            assert again.open() == 2
            assert self.visible() == list(range(20))
            assert list(self.store.uploads(self.prefix)) == []
        finally:
            again.close()

    def test_a_crash_before_the_decision_leaves_no_upload(self) -> None:
        group = self.group()
        group.open()
        self.write(group, 0, 10, epoch=1)
        assert len(list(self.store.uploads(self.prefix))) == 1
        again = self.group()
        try:
            assert again.open() is None
            assert list(self.store.uploads(self.prefix)) == []
        finally:
            again.close()
            group.close()

    def test_objects_that_were_taken_away_are_not_missed(self) -> None:
        group = self.group()
        group.open()
        self.write(group, 0, 10, epoch=1)
        group.commit(1, {})
        group.close()
        for key in self.keys():
            if not key.startswith("."):
                self.store.delete(self.prefix + key)
        again = self.group()
        try:
            assert again.open() == 1
        finally:
            again.close()
        assert len(self.keys()) == 2  # two claims

    def test_a_commit_that_breaks_off_is_doubtful(self) -> None:
        class Broken(type(self.store)):  # type: ignore[misc]
            def complete_upload(self, *_: Any, **__: Any) -> str:
                raise StoreError("gone", code="store.unreachable", retryable=True)

        group = self.group()
        group.open()
        self.write(group, 0, 10, epoch=1)
        group._store.__class__ = Broken
        with pytest.raises(DoubtfulCommitError):
            group.commit(1, {})
        again = self.group()
        try:
            assert again.open() == 1
            assert self.visible() == list(range(10))
        finally:
            again.close()


class TestWatching(Lake):
    def drain(self, source: Source) -> tuple[list[int], list[PartitionBatch]]:
        batches: list[PartitionBatch] = []
        while True:
            read = source.read(1000, 100)
            batches += read
            if not read and source.caught_up():
                return [row["a"] for b in batches for row in b.rows.to_pylist()], batches

    def test_odd_objects_are_each_read_once(self) -> None:
        self.put("ünï 日本/+%20?#&=.json", 0, 3)
        self.put("..json..", 3, 2)
        self.put("empty", 0, 0)
        self.put("_hidden/x", 90, 1)
        self.put("a/.hidden", 91, 1)
        self.put("b/..c", 5, 1)
        source = self.source(bounded=False)
        source.open({})
        rows, batches = self.drain(source)
        assert sorted(rows) == [0, 1, 2]  # a name that begins with a dot is hidden
        self.put("late", 10, 2)
        rows, batches = self.drain(source)
        assert rows == [10, 11]
        source.close()
        again = self.source(bounded=False)
        again.open({b.partition: b.position for b in batches})
        assert self.drain(again)[0] == []
        again.close()

    def test_an_object_that_is_overwritten_while_it_is_read_is_set_aside(self) -> None:
        self.put("a", 0, 30)
        source = self.source(bounded=False)
        source.open({})
        (first,) = source.read(10, 100)
        assert first.rows.num_rows == 10
        source.close()
        self.put("a", 100, 30)
        self.put("b", 200, 1)
        again = self.source(bounded=False)
        again.open({first.partition: first.position})
        rows, batches = self.drain(again)
        assert rows == [200]
        (letter,) = [letter for b in batches for letter in b.dead_letters]
        assert letter.code == "connector.file-changed"
        again.close()
        with pytest.raises(ConnectorError) as caught:
            bounded = self.source()
            bounded.open({first.partition: first.position})
            bounded.read(10, 100)
        assert caught.value.code == "connector.file-changed"

    def test_an_object_that_changes_before_it_is_read_is_read_as_it_is(self) -> None:
        self.put("a", 0, 3)
        self.put("b", 3, 3)
        source = self.source(bounded=False)
        source.open({})
        self.put("a", 100, 2)
        self.store.delete(self.prefix + "b")
        assert self.drain(source)[0] == [100, 101]
        source.close()

    def test_half_an_upload_is_no_object(self) -> None:
        self.put("a", 0, 1)
        upload = self.store.start_upload(self.prefix + "half")
        self.store.put_part(self.prefix + "half", upload, 1, b'{"a": 9, "b": "x"}\n')
        source = self.source(bounded=False)
        source.open({})
        assert self.drain(source)[0] == [0]
        parts = self.store.parts(self.prefix + "half", upload)
        self.store.complete_upload(self.prefix + "half", upload, parts)
        assert self.drain(source)[0] == [9]
        source.close()

    def test_damage_is_set_aside_and_patterns_choose(self) -> None:
        self.put("day=1/a.json", 0, 1)
        self.put("day=2/deep/a.json", 1, 1)
        self.store.put(self.prefix + "day=2/b.csv", b"x")
        source = self.source(path="day=*/**/*.json")
        source.open({})
        assert [r["a"] for b in source.read(100, 100) for r in b.rows.to_pylist()] == [0, 1]
        source.close()
        whole = self.source(bounded=False, format="parquet")
        whole.open({})
        _, batches = self.drain(whole)
        assert [x.code for b in batches for x in b.dead_letters] == ["connector.bad-file"] * 3
        whole.close()

    def test_nothing_there_and_what_is_not_served(self) -> None:
        with pytest.raises(ConnectorError, match="no object under"):
            self.source(path="nothing").open({})
        with pytest.raises(ProjectError, match="auto-compaction"):
            CONNECTOR.commit_group([self.descriptor(**{"auto-compaction": "true"})], JOB)


@given(st.lists(st.tuples(st.text(max_size=3), st.booleans()), max_size=30))
def test_the_seen_set_is_a_set_that_survives_its_texts(steps: list[tuple[str, bool]]) -> None:
    seen, model, before = SeenKeys(), set[str](), set[str]()
    for key, prune in steps:
        if prune:
            there = {k for k in model if k != key}
            seen.prune(there)
            gone = (model - there) & before
            before = model - there - gone
            model -= gone
        else:
            seen.add(key)
            model.add(key)
        seen_again = SeenKeys(seen.texts())
        assert all((k in seen) == (k in model) == (k in seen_again) for k in {*model, key, "?"})
        assert len(seen) == len(model) == len(seen_again)
