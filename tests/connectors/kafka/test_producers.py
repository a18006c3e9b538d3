"""Both producers of the kafka sink, confluent-kafka's and the native crate's, behave the same."""

from __future__ import annotations

import json
import threading
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from tidemill.connectors.kafka import producer, sink
from tidemill.connectors.kafka.crate import kafka_crate
from tidemill.connectors.kafka.producer import PythonProducer
from tidemill.connectors.kafka.producer_native import NativeProducer
from tidemill.errors import ConnectorError, DoubtfulCommitError
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.native import library

pytestmark = pytest.mark.servers
WAYS = ["0", "1"] if library() is not None else ["0"]


@pytest.fixture(params=WAYS, ids=lambda way: "native" if way == "1" else "python")
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The way of writing: `TIDEMILL_NATIVE` is set for it."""
    chosen = str(request.param)
    monkeypatch.setenv("TIDEMILL_NATIVE", chosen)
    return chosen


def test_keys_headers_nulls_and_order_arrive(bench: Any, way: str) -> None:
    bench.job = JobContext(bench.job.job, bench.job.formats, traced=True)
    bench.connector, bench.primary_key = "upsert-kafka", ("a",)
    bench.options = {"key.format": "json", "value.format": "json"}
    group = bench.group(sink_epoch__header="true")
    try:
        group.open()
        assert isinstance(group._producer, NativeProducer if way == "1" else PythonProducer)
        rows = [{"a": 1, "b": "x"}, {"a": 2, "b": ""}, {"a": 1, "b": "gone"}, {"a": 3, "b": "é"}]
        group.writer("t").write(bench.batch(rows, [0, 0, 3, 0]))
        group.prepare(1)
        group.commit(1, {})
    finally:
        group.close()
    found = sorted(bench.records(), key=lambda r: dict(r.headers)["tidemill"])
    assert [(r.key, r.value) for r in found] == [
        (b'{"a":1}', b'{"a":1,"b":"x"}'), (b'{"a":2}', b'{"a":2,"b":""}'), (b'{"a":1}', None),
        (b'{"a":3}', '{"a":3,"b":"é"}'.encode()),
    ]  # fmt: skip
    assert [[name for name, _ in r.headers] for r in found] == [["tidemill", "traceparent"]] * 4
    marks = [dict(r.headers)["tidemill"] for r in found]
    assert marks == [f"{bench.job.job}/1/{i}".encode() for i in (1, 2, 3, 4)]


def test_a_full_producer_is_waited_for(bench: Any, way: str) -> None:
    group = bench.group(
        sink_partitioner="fixed", properties_queue_buffering_max_messages="100",
        properties_linger_ms="0", sink_epoch__header="true",
    )  # fmt: skip
    try:
        group.open()
        group.writer("t").write(bench.batch([{"a": i} for i in range(1000)]))
        group.prepare(1)
        group.commit(1, {})
    finally:
        group.close()
    found = bench.records()
    assert [json.loads(r.value)["a"] for r in found] == list(range(1000))
    assert [dict(r.headers)["tidemill"] for r in found] == [
        f"{bench.job.job}/1/{i}".encode() for i in range(1, 1001)
    ]


def test_what_the_broker_refuses_fails_the_epoch(bench: Any, way: str) -> None:
    group = bench.group(properties_compression_type="none")
    try:
        group.open()
        entry = ConfigEntry("max.message.bytes", "100", incremental_operation=AlterConfigOpType.SET)
        topic = ConfigResource(ResourceType.TOPIC, bench.topic, incremental_configs=[entry])
        bench.admin.client().incremental_alter_configs([topic])[topic].result(20)
        with pytest.raises(ConnectorError, match=r"(?i)too large|larger"):
            for _ in range(50):  # until the partition's leader has heard of the new limit
                group.writer("t").write(bench.batch([{"a": 1, "b": "x" * 500}]))
                group.prepare(1)
    finally:
        group.close()


@pytest.mark.parametrize("rows", [1, 0])
def test_a_call_that_hangs_is_left_behind(
    bench: Any, way: str, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who opens the sink anew fences the producer that hangs, and finds what holds.

    An epoch with rows is not prepared then; one without them is decided, so its commit is in doubt.
    """
    monkeypatch.setattr(sink, "OFFSETS_TIMEOUT_S", -1.5)
    group = bench.group()
    released = threading.Event()
    try:
        group.open()
        kind = type(group._producer)
        monkeypatch.setattr(kind, "send_offsets", lambda *_: released.wait(30))
        if rows:
            group.writer("t").write(bench.batch([{"a": 1}]))
            with pytest.raises(ConnectorError) as caught:
                group.prepare(1)
            assert caught.value.code == "connector.unreachable" and caught.value.retryable
        else:
            group.prepare(1)
            with pytest.raises(DoubtfulCommitError):
                group.commit(1, {})
        monkeypatch.undo()
        monkeypatch.setenv("TIDEMILL_NATIVE", way)
        second = bench.group()
        try:
            assert second.open() is None
            second.writer("t").write(bench.batch([{"a": 2}]))
            second.prepare(1)
            second.commit(1, {})
        finally:
            second.close()
    finally:
        released.set()
        group.close()
    assert [json.loads(r.value)["a"] for r in bench.records()] == [2]


def test_the_number_that_holds_is_that_of_the_commit(bench: Any, way: str) -> None:
    """Whatever was expected when the transaction began, and was sent along with the rows."""
    group = bench.group()
    try:
        group.open()
        for epoch, expected in ((5, None), (6, None), (9, 9), (12, 11)):
            if expected is not None:
                group.expect(expected)
            group.writer("t").write(bench.batch([{"a": epoch}]))
            group.prepare(epoch)
            group.commit(epoch, {})
            group.close()
            group = bench.group()
            assert group.open() == epoch
        group.writer("t").write(bench.batch([{"a": 13}]))
        group.abort()
        group.prepare(14)
        group.commit(14, {})  # without a row
    finally:
        group.close()
    last = bench.group()
    try:
        assert last.open() == 14
    finally:
        last.close()
    assert sorted(json.loads(r.value)["a"] for r in bench.records()) == [5, 6, 9, 12]


def test_a_number_that_is_refused_fails_the_epoch_before_it_is_decided(
    bench: Any, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = bench.group()
    try:
        group.open()

        def refused(*_: object) -> None:
            raise KafkaException(KafkaError(KafkaError.GROUP_AUTHORIZATION_FAILED, "not for you"))

        monkeypatch.setattr(type(group._producer), "send_offsets", refused)
        group.writer("t").write(bench.batch([{"a": 1}]))
        with pytest.raises(ConnectorError, match="epoch 1"):
            group.prepare(1)
    finally:
        group.close()
    assert bench.records() == []


def test_each_way_reads_the_epoch_that_the_other_wrote(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = None
    for turn, chosen in enumerate(WAYS * 3, 1):
        monkeypatch.setenv("TIDEMILL_NATIVE", chosen)
        group = bench.group()
        try:
            assert group.open() == held
            group.writer("t").write(bench.batch([{"a": turn}]))
            group.prepare(turn)
            group.commit(turn, {})
            held = turn
        finally:
            group.close()
    assert len(bench.records()) == held


def test_a_property_that_the_crate_refuses_is_left_to_confluent_kafka(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(config: dict[str, str]) -> None:
        raise ValueError(f"No such configuration property: {sorted(config)[0]}")

    crate = SimpleNamespace(KafkaProducer=refuse)
    monkeypatch.setattr(producer, "kafka_crate", lambda: crate)
    member: Any = None
    made = producer.epoch_producer({"bootstrap.servers": "nowhere"}, member, "g", lambda *_: None)
    assert isinstance(made, PythonProducer)


def test_errors_of_the_crate_come_as_those_of_confluent_kafka() -> None:
    crate = kafka_crate()
    if crate is None:
        return
    made = NativeProducer(crate, {"bootstrap.servers": "localhost:1"}, "g", lambda *_: None)
    with pytest.raises(KafkaException) as caught:
        made.begin_transaction()
    error = caught.value.args[0]
    assert isinstance(error, KafkaError) and error.code() == KafkaError._NOT_CONFIGURED
    with pytest.raises(ValueError, match=r"no\.such"):
        NativeProducer(crate, {"no.such": "1"}, "g", lambda *_: None)
    with pytest.raises(TypeError, match="binary"):
        crate.KafkaProducer({}).produce("t", pa.array([1]), None, 0, -1, None, [])
    made.close()
    with pytest.raises(RuntimeError, match="closed"):
        made.poll(0)
