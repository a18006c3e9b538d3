"""The crate's Kafka clients call confluent-kafka's own librdkafka, and Python serves where not."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import confluent_kafka
import pytest
from confluent_kafka import Consumer, KafkaError, TopicPartition, cimpl

from tidemill.connectors.kafka import crate, producer
from tidemill.connectors.kafka.crate import kafka_crate, librdkafka
from tidemill.connectors.kafka.producer import PythonProducer
from tidemill.connectors.kafka.producer_native import texts
from tidemill.control import doctor
from tidemill.interfaces.native import library


class Fruitless:
    """A crate that finds no librdkafka."""

    __version__ = "0"

    def load_kafka(self, file: str) -> str:
        raise RuntimeError(f"no rd_kafka_new behind {file}")


@pytest.fixture
def fruitless(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fruitless]:
    found = Fruitless()
    monkeypatch.setattr(crate, "library", lambda: found)
    monkeypatch.setattr(doctor, "native_library", lambda: found)
    yield found
    librdkafka.cache_clear()


def test_python_serves_where_there_is_no_librdkafka_and_doctor_says_why(
    fruitless: Fruitless,
) -> None:
    assert kafka_crate() is None
    member: Any = None
    made = producer.epoch_producer({"bootstrap.servers": "nowhere"}, member, "g", lambda *_: None)
    assert isinstance(made, PythonProducer)
    checks = [check for check in doctor._kafka() if check.name.startswith("kafka")]
    assert [check.outcome for check in checks] == ["warning", "warning"]
    assert all("no rd_kafka_new behind" in check.message for check in checks)


def test_it_is_the_one_that_confluent_kafka_has_loaded() -> None:
    if library() is None:
        return
    found = librdkafka(library())
    assert found.version == confluent_kafka.libversion()[0]
    assert any(f"librdkafka {found.version}" in check.message for check in doctor._kafka())
    maps = Path("/proc/self/maps")
    if maps.exists():
        files = {line.split()[-1] for line in maps.read_text().splitlines() if "rdkafka" in line}
        assert len(files) == 1


def test_nothing_is_made_before_it_is_found_and_nothing_else_is_loaded() -> None:
    if library() is None:
        return
    script = f"""
import tidemill_native as crate
def said(call):
    try:
        return str(call())
    except (RuntimeError, ValueError) as error:
        return f"{{type(error).__name__}} {{error}}"
print(said(lambda: crate.KafkaReader({{}}, None)))
print(said(lambda: crate.KafkaProducer({{}})))
print(said(lambda: crate.load_kafka({cimpl.__file__!r})))
print(said(lambda: crate.load_kafka("/no/such.so")))
print(said(lambda: crate.load_kafka("a\\0b")))
import pyarrow.lib
print(said(lambda: crate.load_kafka(pyarrow.lib.__file__)))
import confluent_kafka
print(said(lambda: crate.load_kafka({cimpl.__file__!r})))
"""
    command = [sys.executable, "-c", script]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert lines[:2] == ["RuntimeError load_kafka was not called"] * 2
    assert lines[2].startswith(f"RuntimeError {cimpl.__file__}: ")  # confluent-kafka is not loaded
    assert lines[3].startswith("RuntimeError /no/such.so: ")
    assert "zero" in lines[4]
    assert lines[5].startswith("RuntimeError no rd_kafka_version in librdkafka")
    assert lines[6] == confluent_kafka.libversion()[0]


def test_what_the_client_says_of_the_cluster_is_heard_on_both_ways() -> None:
    if library() is None:
        return
    heard: list[int] = []
    config = {"bootstrap.servers": "127.0.0.1:1", "group.id": "g", "log_level": 0}
    consumer = Consumer({**config, "error_cb": lambda error: heard.append(error.code())})
    consumer.assign([TopicPartition("t", 0, 0)])
    reader = kafka_crate().KafkaReader(texts(config), None)  # type: ignore[union-attr]
    reader.assign([("t", 0, 0, -1)])
    reports: list[int] = []
    down = KafkaError._ALL_BROKERS_DOWN
    limit = time.monotonic() + 20
    try:
        while not (
            KafkaError._ALL_BROKERS_DOWN in heard and KafkaError._ALL_BROKERS_DOWN in reports
        ):
            assert time.monotonic() < limit, (heard, reports)
            consumer.consume(1, 0.1)
            reports += [code for code, _ in reader.read(1, 100)[2]]
    finally:
        consumer.close()
        reader.close()
    assert set(heard) == set(reports) <= {down, KafkaError._TRANSPORT}
