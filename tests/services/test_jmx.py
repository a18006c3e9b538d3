"""Kafka's own metrics, from the JMX exporter inside a real broker."""

from __future__ import annotations

import json
import os
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import Stack

from tidemill.errors import ServiceError
from tidemill.services import jmx
from tidemill.services.settings import parse_settings

_SAMPLE = re.compile(r"([a-z_:][a-z0-9_:]*)(\{[^}]*\})? (\S+)")


@pytest.fixture
def watched(stack: Stack, tmp_path: Path) -> Iterator[Stack]:
    """The session's broker; one of its own where the given stack was started without the agent."""
    if jmx.PORT in stack.endpoint("kafka").ports:
        yield stack
        return
    own = Stack(tmp_path / ".tidemill", os.getpid())
    try:
        yield own
    finally:
        own.stop()


@pytest.mark.servers
def test_kafkas_own_metrics_in_base_units_with_few_labels(watched: Stack) -> None:
    port = watched.endpoint("kafka").ports[jmx.PORT]
    (target,) = json.loads((watched.state_dir / jmx.TARGETS / "kafka.json").read_text())
    assert target == {"targets": [f"127.0.0.1:{port}"], "labels": {"server": "kafka"}}
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    found = {m[1]: float(m[3]) for line in lines if (m := _SAMPLE.fullmatch(line))}
    assert found["kafka_broker_messagesin_total"] > 0
    assert found["kafka_controller_activecontrollercount"] == 1
    assert found["kafka_replica_manager_underreplicatedpartitions"] == 0
    assert 0 <= found["kafka_request_p99_seconds"] < 60
    assert found["jvm_memory_used_bytes"] > 0
    own = [line for line in lines if line.startswith("kafka_")]
    assert len(own) < 120 and not any("topic=" in line or "client" in line for line in own)


def test_only_servers_with_a_jvm_of_kafka_or_flink_have_it() -> None:
    for server in ("kafka", "connect", "flink-taskmanager"):
        assert parse_settings(server, {"jmx_metrics": True}).jmx_metrics
    with pytest.raises(ServiceError, match="`jmx_metrics` is not a setting of postgres"):
        parse_settings("postgres", {"jmx_metrics": True})
