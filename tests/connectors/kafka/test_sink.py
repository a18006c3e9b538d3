"""The kafka sink: several tables in one commit, headers, keys, topics, messages too large."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tidemill.connectors import CONNECTORS
from tidemill.connectors.kafka.markers import wait_for_markers
from tidemill.model import Column, ColumnKind, DataType, Schema, TableDescriptor, TypeRoot
from tidemill.model.types import BYTES, INT, STRING, timestamp_ltz

pytestmark = pytest.mark.servers


def test_two_tables_become_visible_together(bench: Any) -> None:
    other = TableDescriptor("other", bench.schema, {**bench.table().options,
                                                    "topic": bench.topic + "-b"})  # fmt: skip
    kafka = CONNECTORS["kafka"]
    assert kafka.group_key(bench.table(), bench.job) == kafka.group_key(other, bench.job)
    group = kafka.commit_group([bench.table(), other], bench.job)
    try:
        group.open()
        group.writer("t").write(bench.batch([{"a": 1}]))
        group.writer("other").write(bench.batch([{"a": 2}]))
        group.prepare(1)
        assert bench.records() == [] and bench.records(bench.topic + "-b") == []
        group.commit(1, {})
        assert wait_for_markers(bench.admin, (bench.topic, bench.topic + "-b"), 20)
        assert len(bench.records()) == 1 and len(bench.records(bench.topic + "-b")) == 1
    finally:
        group.close()


def test_an_open_transaction_holds_readers_back(bench: Any) -> None:
    group = bench.group()
    try:
        group.open()
        group.writer("t").write(bench.batch([{"a": 1}]))
        group.prepare(1)
        assert not wait_for_markers(bench.admin, (bench.topic,), 0.2)
        group.commit(1, {})
        assert wait_for_markers(bench.admin, (bench.topic,), 20)
    finally:
        group.close()


def test_each_message_says_which_it_is_where_that_is_wished(bench: Any) -> None:
    group = bench.group(sink_epoch__header="true")
    try:
        group.open()
        for epoch in (1, 2):
            group.writer("t").write(bench.batch([{"a": i} for i in range(3)]))
            group.prepare(epoch)
            group.commit(epoch, {})
    finally:
        group.close()
    marks = [dict(r.headers)["tidemill"].decode() for r in bench.records()]
    assert sorted(marks) == [f"{bench.job.job}/{e}/{i}" for e in (1, 2) for i in (1, 2, 3)]
    quiet = bench.group()
    try:
        quiet.open()
        quiet.writer("t").write(bench.batch([{"a": 9}]))
        quiet.prepare(3)
        quiet.commit(3, {})
    finally:
        quiet.close()
    assert [r.headers for r in bench.records() if json.loads(r.value)["a"] == 9] == [()]


def test_a_message_too_large_is_set_aside_and_the_others_go_in(bench: Any) -> None:
    bench.admin.create(small := bench.topic + "-s", settings={"max.message.bytes": "20000"})
    group = bench.group(topic=small)
    try:
        group.open()
        rows = [{"a": 1, "b": "x" * 10}, {"a": 2, "b": "x" * 50_000}, {"a": 3, "b": "y" * 15_000}]
        (letter,) = group.writer("t").write(bench.batch(rows))
        group.prepare(1)
        group.commit(1, {})
    finally:
        group.close()
    assert (letter.stage, letter.code) == ("sink", "connector.too-large")
    assert "50014 bytes" in letter.message and letter.value is not None
    assert [json.loads(r.value)["a"] for r in bench.records(small)] == [1, 3]


def test_many_messages_near_the_limit_go_in(bench: Any) -> None:
    bench.admin.create(small := bench.topic + "-s", settings={"max.message.bytes": "20000"})
    group = bench.group(topic=small, properties_compression_type="none")
    try:
        group.open()
        assert (
            group.writer("t").write(bench.batch([{"a": i, "b": "x" * 9000} for i in range(200)]))
            == []
        )
        group.prepare(1)
        group.commit(1, {})
    finally:
        group.close()
    assert len(bench.records(small)) == 200


def test_a_topic_that_does_not_exist_is_made(bench: Any) -> None:
    group = bench.group(topic=bench.topic + "-new")
    try:
        assert group.open() is None
        group.writer("t").write(bench.batch([{"a": 1}]))
        group.prepare(1)
        group.commit(1, {})
    finally:
        group.close()
    assert len(bench.records(bench.topic + "-new")) == 1


def test_keys_topics_headers_and_timestamps_come_from_columns(bench: Any) -> None:
    headers = DataType(TypeRoot.MAP, key=STRING, value=BYTES)
    bench.schema = Schema(
        (
            Column("a", INT),
            Column("to", STRING, ColumnKind.METADATA, "topic"),
            Column("h", headers, ColumnKind.METADATA, "headers"),
            Column("at", timestamp_ltz(3), ColumnKind.METADATA, "timestamp"),
            Column("partition", INT, ColumnKind.METADATA, None, True),
        )
    )
    other = bench.topic + "-o"
    bench.admin.create(other)
    options = {"topic": f"{bench.topic};{other}", "key_format": "json", "key_fields": "a"}
    group = bench.group(**options)
    at = 1_700_000_000_123
    rows = [
        {"a": 1, "to": other, "h": [("x", b"1")], "at": None},
        {"a": 2, "to": bench.topic, "h": None, "at": at * 1000},
        {"a": 3, "to": "elsewhere", "h": None, "at": None},
    ]
    try:
        group.open()
        (letter,) = group.writer("t").write(bench.batch(rows))
        group.prepare(1)
        group.commit(1, {})
    finally:
        group.close()
    assert letter.code == "connector.bad-topic"
    (first,), (second,) = bench.records(other), bench.records()
    assert (first.key, first.value) == (b'{"a":1}', b'{"a":1}')
    assert dict(first.headers)["x"] == b"1"
    assert second.timestamp_ms == at


def test_the_same_key_goes_to_the_partition_that_java_would_choose(bench: Any) -> None:
    bench.admin.create(wide := bench.topic + "-w", partitions=8)
    group = bench.group(topic=wide, key_format="raw", key_fields="b")
    names = ["a", "b", "foobar", "taxi", "order-4711"]
    try:
        group.open()
        group.writer("t").write(bench.batch([{"a": i, "b": n} for i, n in enumerate(names)]))
        group.prepare(1)
        group.commit(1, {})
    finally:
        group.close()
    assert {r.key.decode(): r.partition for r in bench.records(wide)} == {
        name: murmur2(name.encode()) % 8 for name in names
    }


def murmur2(data: bytes) -> int:
    """Kafka's Java default partitioner's hash, made positive."""
    m, r, mask = 0x5BD1E995, 24, 0xFFFFFFFF
    h = (0x9747B28C ^ len(data)) & mask
    for i in range(0, len(data) - len(data) % 4, 4):
        k = int.from_bytes(data[i : i + 4], "little") * m & mask
        k = (k ^ k >> r) * m & mask
        h = h * m & mask ^ k
    rest = data[len(data) - len(data) % 4 :]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return (h ^ h >> 15) & 0x7FFFFFFF


def test_a_fixed_partitioner_uses_one_partition(bench: Any) -> None:
    group = bench.group(sink_partitioner="fixed")
    try:
        group.open()
        group.writer("t").write(bench.batch([{"a": i} for i in range(2000)]))
        group.prepare(1)
        group.commit(1, {})
    finally:
        group.close()
    assert {r.partition for r in bench.records()} == {0}
