"""The kafka source: startup and bounded modes, keys, metadata, bad messages, bad positions."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tidemill.connectors import CONNECTORS
from tidemill.errors import ConnectorError, ProjectError
from tidemill.model import Column, ColumnKind, DataType, Schema, TypeRoot
from tidemill.model.types import BIGINT, BYTES, INT, STRING, timestamp_ltz
from tidemill.testing import drain

pytestmark = pytest.mark.servers


def numbers(bench: Any, **options: str) -> list[int]:
    return sorted(row["a"] for row in drain(bench.source(**options), {}, 1000).rows)


def fill(bench: Any, first: int, count: int, timestamp: int = 0) -> None:
    values = [b'{"a":%d}' % i for i in range(first, first + count)]
    bench.produce(values, partition=0, timestamp=timestamp)


def test_startup_modes(bench: Any) -> None:
    fill(bench, 0, 10, timestamp=1_000_000)
    fill(bench, 10, 10, timestamp=2_000_000)
    everything = list(range(20))
    assert numbers(bench, scan_startup_mode="earliest-offset") == everything
    assert numbers(bench, scan_startup_mode="latest-offset") == []
    assert (
        numbers(bench, scan_startup_mode="timestamp", scan_startup_timestamp__millis="1500000")
        == everything[10:]
    )
    offsets = {"scan_startup_specific__offsets": "partition:0,offset:7"}
    assert numbers(bench, scan_startup_mode="specific-offsets", **offsets) == everything[7:]
    group = {"properties_group_id": "g1", "properties_auto_offset_reset": "earliest"}
    assert numbers(bench, scan_startup_mode="group-offsets", **group) == everything


def test_bounded_modes(bench: Any) -> None:
    fill(bench, 0, 10, timestamp=1_000_000)
    fill(bench, 10, 10, timestamp=2_000_000)
    end = {"scan_bounded_specific__offsets": "partition:0,offset:13"}
    assert numbers(bench, scan_bounded_mode="specific-offsets", **end) == list(range(13))
    end = {"scan_bounded_timestamp__millis": "1500000"}
    assert numbers(bench, scan_bounded_mode="timestamp", **end) == list(range(10))


def test_group_offsets_without_any_say_what_to_do(bench: Any) -> None:
    fill(bench, 0, 1)
    with pytest.raises(ConnectorError) as caught:
        numbers(bench, scan_startup_mode="group-offsets", properties_group_id="nobody")
    assert caught.value.code == "connector.no-committed-offset"
    with pytest.raises(ProjectError, match=r"properties\.group\.id"):
        numbers(bench, scan_startup_mode="group-offsets")


def test_a_missing_topic_is_named_with_the_nearest(bench: Any) -> None:
    with pytest.raises(ConnectorError) as caught:
        numbers(bench, topic=bench.topic + "x")
    assert caught.value.code == "connector.table-missing"
    assert bench.topic in str(caught.value.hint)


def test_bad_messages_are_set_aside_with_their_origin(bench: Any) -> None:
    bench.produce(
        [b'{"a":1}', b"{broken", None, b'{"a":"x"}', b"\xff\xfe\x00", b'{"a":2}'],
        [b"k0", b"k1", b"k2", b"k3", b"k4", b"k5"], partition=0,
    )  # fmt: skip
    source = bench.source()
    try:
        source.open({})
        batches = []
        while not source.finished():
            batches += source.read(100, 500)
    finally:
        source.close()
    letters = [letter for b in batches for letter in b.dead_letters]
    assert [(x.position, x.code, x.stage) for x in letters] == [
        ("1", "format.malformed", "parse"),
        ("3", "format.type-mismatch", "type"),
        ("4", "format.malformed", "parse"),
    ]
    assert letters[0].value == b"{broken" and letters[0].key == b"k1"
    assert letters[0].topic == bench.topic and letters[0].partition == "0"
    assert sum(b.records for b in batches) == 6 and sum(b.skipped for b in batches) == 1
    assert [r["a"] for b in batches for r in b.rows.to_pylist()] == [1, 2]


def test_a_message_of_ten_megabytes_is_read(bench: Any) -> None:
    bench.admin.create(big := bench.topic + "-big", settings={"max.message.bytes": "15000000"})
    bench.topic = big
    bench.produce([b'{"a":1,"b":"' + b"x" * 10_000_000 + b'"}', b'{"a":2}'])
    rows = drain(bench.source(), {}, 1000).rows
    assert [row["a"] for row in rows] == [1, 2]
    assert len(rows[0]["b"]) == 10_000_000


def test_a_position_beyond_the_topic_is_a_loud_error(bench: Any) -> None:
    fill(bench, 0, 5)
    source = bench.source()
    with pytest.raises(ConnectorError) as caught:
        source.open({"0": 6, "1": 0})
    source.close()
    assert caught.value.code == "connector.offset-out-of-range"
    assert "0 to 5" in str(caught.value.detail) and not caught.value.retryable
    source = bench.source()
    with pytest.raises(ConnectorError, match="does not have the position"):
        source.open({"0": 0, "1": 0, "7": 0})
    source.close()


def test_key_columns_come_from_the_key(bench: Any) -> None:
    bench.schema = Schema((Column("k_id", INT), Column("a", INT), Column("b", STRING)))
    options = {
        "key_format": "json", "key_fields": "k_id", "key_fields__prefix": "k_",
        "value_fields__include": "EXCEPT_KEY",
    }  # fmt: skip
    bench.produce(
        [b'{"a":1}', b'{"a":2}', b"bad", b'{"a":4}', b'{"a":5}'],
        [b'{"id":10}', None, b'{"id":30}', b'{"id":"x"}', b'{"id":50}'],
        partition=0,
    )
    source = bench.source(**options)
    try:
        source.open({})
        batches = []
        while not source.finished():
            batches += source.read(100, 500)
    finally:
        source.close()
    rows = [row for batch in batches for row in batch.rows.to_pylist()]
    assert rows == [{"k_id": 10, "a": 1, "b": None}, {"k_id": 50, "a": 5, "b": None}]
    letters = [letter for batch in batches for letter in batch.dead_letters]
    assert [(x.position, x.code) for x in letters] == [
        ("1", "connector.null-key"), ("2", "format.malformed"), ("3", "format.type-mismatch"),
    ]  # fmt: skip


def test_metadata_columns(bench: Any) -> None:
    headers = DataType(TypeRoot.MAP, key=STRING, value=BYTES)
    kinds = {
        "topic": STRING, "partition": INT, "offset": BIGINT, "headers": headers,
        "timestamp": timestamp_ltz(3), "timestamp-type": STRING, "leader-epoch": INT,
    }  # fmt: skip
    metadata = [Column(f"m_{k}", t, ColumnKind.METADATA, k, True) for k, t in kinds.items()]
    bench.schema = Schema((*bench.schema.columns, *metadata))
    bench.produce(
        [b'{"a":1}', b"bad", b'{"a":2}'], partition=1, timestamp=1_700_000_000_123,
        headers=[("h", b"1"), ("h", b"2")],
    )  # fmt: skip
    rows = drain(bench.source(), {}, 1000).rows
    assert [row["m_offset"] for row in rows] == [0, 2]
    assert rows[0]["m_topic"] == bench.topic and rows[0]["m_partition"] == 1
    assert rows[0]["m_headers"] == [("h", b"2")]
    assert rows[0]["m_timestamp"].timestamp() == 1_700_000_000.123
    assert rows[0]["m_timestamp-type"] == "CreateTime" and rows[0]["m_leader-epoch"] == 0


def test_a_pattern_reads_several_topics_and_finds_new_ones(
    bench: Any, unique_name: Callable[[str], str]
) -> None:
    stem = unique_name("p")
    for name in (f"{stem}.one", f"{stem}.two"):
        bench.admin.create(name)
    options = {"topic": "", "topic__pattern": rf"{stem}\.(one|two|three)",
               "scan_topic__partition__discovery_interval": "300 ms"}  # fmt: skip
    bench.topic = f"{stem}.one"
    bench.produce([b'{"a":1}'])
    source = bench.source(bounded=False, **options)
    try:
        source.open({})
        assert sorted(source.partitions()) == [f"{stem}.one:0", f"{stem}.two:0"]
        bench.admin.create(f"{stem}.three")
        bench.topic = f"{stem}.three"
        bench.produce([b'{"a":3}'])
        found: set[int] = set()
        limit = time.monotonic() + 30
        while found != {1, 3}:
            assert time.monotonic() < limit
            found |= {r["a"] for b in source.read(10, 100) for r in b.rows.to_pylist()}
    finally:
        source.close()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"topic__pattern": "x"}, "exactly one of"),
        ({"format": ""}, "no `format`"),
        ({"format": "jsno"}, "no format `jsno`"),
        ({"key_fields": "a"}, "need each other"),
        ({"key_format": "json", "key_fields": "nope"}, "no physical column"),
        ({"properties_ssl_ca_location": "/etc/passwd"}, "refused"),
        ({"properties_plugin_library_paths": "x.so"}, "refused"),
        ({"properties_sasl_jaas_config": "x"}, "refused"),
        ({"properties_sasl_oauthbearer_token_endpoint_url": "http://x"}, "would not be used"),
        ({"properties_debug": "all"}, "refused"),
        ({"scan_startup_mode": "earliest"}, "scan.startup.mode"),
        ({"json_ignore__parse__errors": "maybe"}, "ignore-parse-errors"),
        ({"json_nope": "1"}, "no option `nope`"),
        ({"nope": "1"}, "no option `nope`"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_opened(
    bench: Any, options: dict[str, str], says: str
) -> None:
    with pytest.raises(ProjectError) as caught:
        CONNECTORS["kafka"].source_changelog(bench.table(**options), bench.job)
    assert says in str(caught.value)


def test_properties_of_java_only_are_ignored(bench: Any) -> None:
    fill(bench, 0, 3)
    options = {"properties_fetch_max_wait_ms": "10", "properties_some_java_thing": "x"}
    assert numbers(bench, **options) == [0, 1, 2]
