"""What the native reader reads of a topic is what confluent-kafka's consumer reads of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from tidemill.connectors.kafka.connector import CONNECTOR
from tidemill.connectors.kafka.native import ColumnReader, NativeReader
from tidemill.connectors.kafka.source import KafkaSource
from tidemill.formats import FORMATS
from tidemill.interfaces.native import library
from tidemill.interfaces.source import PartitionBatch
from tidemill.model import Batch, Column, DataType, Schema, TypeRoot
from tidemill.model.types import INT, STRING, Field

pytestmark = pytest.mark.servers

WAYS = ("0", "1") if library() is not None else ("0",)


def event(operation: str, lsn: int, before: Any, after: Any) -> bytes:
    source = {"connector": "postgresql", "name": "c", "db": "d", "lsn": lsn, "ts_ms": lsn,
              "snapshot": "false", "sequence": f'["1","{lsn}"]'}  # fmt: skip
    whole = {"op": operation, "before": before, "after": after, "source": source}
    return json.dumps(whole).encode()


def events() -> list[bytes | None]:
    """Inserts, an update, a delete and its tombstone, a value that is not in the log, bad ones."""
    row, placeholder = {"a": 1, "b": "x"}, {"a": 1, "b": "__debezium_unavailable_value"}
    return [
        *(event("c", n, None, {"a": n, "b": "é"}) for n in range(10, 30)),
        event("u", 30, row, {"a": 1, "b": "y"}), event("d", 31, row, None), None,
        event("u", 32, row, placeholder), event("c", 33, None, placeholder),
        b"{", event("u", 34, None, row), event("c", 35, None, {"a": "no number"}),
        *(event("c", n, None, {"a": n, "b": "é"}) for n in (20, 35, 36, 36, 37)),
    ]  # fmt: skip


def records(bench: Any) -> list[bytes | None]:
    """Avro records, and what is none."""
    factory = FORMATS["avro"]
    assert factory.encoder is not None
    rows = [{"a": n, "b": None if n % 5 == 0 else "x" * n} for n in range(40)]
    batch = pa.RecordBatch.from_pylist(rows, schema=bench.schema.arrow())
    good = factory.encoder(bench.schema, factory.options.parse({})).encode(Batch(batch))
    found: list[bytes | None] = [*good.to_pylist()]
    return [*found[:20], None, b"", b"\x02", *found[20:], b"\x02\x02\x02\x02\xff"]


def read(source: KafkaSource, rows_max: int) -> list[PartitionBatch]:
    batches: list[PartitionBatch] = []
    try:
        source.open({})
        while not source.finished():
            batches += source.read(rows_max, 500)
        for batch in batches:
            # While the source knows how to look: messages behind rows are looked up.
            if batch.rows.num_rows and batch.origin_of is not None:
                assert batch.origin_of(batch.rows.num_rows - 1) is not None
    finally:
        source.close()
    return batches


def told(batches: list[PartitionBatch]) -> dict[str, Any]:
    """All that a reader says, whatever its batches were."""
    kinds = [kind for batch in batches for kind in _kinds(batch)]
    return {
        "rows": [row for batch in batches for row in batch.rows.to_pylist()],
        "kinds": kinds,
        "letters": [letter for batch in batches for letter in batch.dead_letters],
        "counts": [sum(getattr(b, name) for b in batches)
                   for name in ("records", "skipped", "duplicates")],
        "position": batches[-1].position,
        "newest": [str(batch.origin_of(0)) for batch in batches[:1] if batch.origin_of],
    }  # fmt: skip


def _kinds(batch: PartitionBatch) -> list[int]:
    return [0] * batch.rows.num_rows if batch.kinds is None else batch.kinds.to_pylist()


@pytest.mark.parametrize("format_name", ["json", "debezium-json", "avro"])
def test_both_ways_tell_the_same(
    bench: Any, format_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.options = {"format": format_name}
    values: list[bytes | None]
    if format_name == "avro":
        values = records(bench)
    elif format_name == "json":
        values = [*(b'{"a":%d,"b":"x"}' % n for n in range(30)), None, b"{", b'{"a":"x"}', b"[]"]
    else:
        values = events()
    keys = [b"%d" % (len(value or b"")) for value in values]
    bench.produce(values, keys, partition=0)
    found = {}
    reader = NativeReader if format_name == "json" else ColumnReader
    for way in WAYS:
        monkeypatch.setenv("TIDEMILL_NATIVE", way)
        for rows_max in (7, 1000):
            source = bench.source()
            assert isinstance(source._reader, reader) == (way == "1")
            found[way, rows_max] = told(read(source, rows_max))
    assert len(found["0", 7]["rows"]) > 20 and len(found["0", 7]["letters"]) > 1
    assert len({json.dumps(one, default=str) for one in found.values()}) == 1


def test_both_ways_tell_the_time_of_the_newest(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for timestamp_ms in (1_000, 5_000, 3_000):
        bench.produce([b'{"a":1}'], partition=0, timestamp=timestamp_ms)
    for way in WAYS:
        monkeypatch.setenv("TIDEMILL_NATIVE", way)
        (batch,) = [b for b in read(bench.source(), 1000) if b.records == 3]
        assert batch.ingested_at_ms == 3_000


ROW = DataType(TypeRoot.ROW, fields=(Field("x", INT), Field("y", STRING), Field("z", STRING)))
READ_AS = DataType(TypeRoot.ROW, fields=(Field("y", STRING),))


@pytest.mark.parametrize("format_name", ["json", "debezium-json"])
def test_only_the_fields_that_are_read_count(
    bench: Any, format_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fields of a ROW that nobody reads may hold anything, as columns that nobody reads may."""
    bench.schema = Schema((Column("a", INT), Column("r", ROW)))
    bench.options = {"format": format_name}
    rows: list[Any] = [
        {"a": 1, "r": {"x": 1, "y": "p", "z": "q"}}, {"a": 2, "r": {"x": "none", "y": "s"}},
        {"a": 3, "r": None}, {"a": 4, "r": {"y": 5, "z": {"deep": []}}}, {"a": 5, "r": {"x": 1}},
        {"a": 6, "r": {"y": "é😀", "z": "é"}}, {"a": 7, "r": "no row"},
    ]  # fmt: skip
    values = [json.dumps(row) for row in rows]
    if format_name == "debezium-json":
        values = [json.dumps({"op": "c", "before": None, "after": row}) for row in rows]
    bench.produce([value.encode() for value in values], partition=0)
    table = replace(bench.table(scan_bounded_mode="latest-offset"), read_as={"r": READ_AS})
    for way in WAYS:
        monkeypatch.setenv("TIDEMILL_NATIVE", way)
        source = CONNECTOR.source(table, bench.job) if CONNECTOR.source else None
        assert isinstance(source, KafkaSource)
        found = told(read(source, 1000))
        assert found["rows"] == [
            {"a": 1, "r": {"y": "p"}}, {"a": 2, "r": {"y": "s"}}, {"a": 3, "r": None},
            {"a": 4, "r": {"y": "5"}}, {"a": 5, "r": {"y": None}},
            {"a": 6, "r": {"y": "é😀"}},
        ]  # fmt: skip
        assert [letter.position for letter in found["letters"]] == ["6"]
