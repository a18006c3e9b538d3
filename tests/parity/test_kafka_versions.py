"""A temporal join with the versions of an upsert-kafka topic, with tombstones, on both engines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from tidemill.connectors import CONNECTORS
from tidemill.control.parity.compare import compare
from tidemill.control.parity.embedded import EmbeddedRun, run_script
from tidemill.control.parity.on_flink import run_on_flink
from tidemill.formats import FORMATS
from tidemill.interfaces.service import Endpoint
from tidemill.runners.flink import Gateway, cut
from tidemill.sql import compile_script

pytestmark = pytest.mark.servers
BEGIN_MS = 1_767_225_600_000
"""2026-01-01 00:00:00."""
RATES = [("EUR", 1.1, 4), ("USD", 1.0, 1), ("EUR", 1.2, 10), ("USD", None, 20), ("EUR", 1.3, 28),
         ("EUR", None, 35), ("EUR", 1.4, 40)]  # fmt: skip
ORDERS = [
    (1, "EUR", 5),
    (2, "USD", 1),
    (3, "EUR", 12),
    (4, "USD", 25),
    (5, "EUR", 36),
    (6, "EUR", 41),
]
TEXT = """SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE orders (id INT, k STRING, ms BIGINT, `at` AS TO_TIMESTAMP_LTZ(ms, 3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '{orders}', 'format' = 'json');
CREATE TABLE rates (k STRING, rate DOUBLE, since TIMESTAMP_LTZ(3) METADATA FROM 'timestamp',
  PRIMARY KEY (k) NOT ENFORCED, WATERMARK FOR since AS since - INTERVAL '1' MINUTE) WITH (
  'connector' = 'upsert-kafka', 'topic' = '{topic}', 'key.format' = 'json',
  'value.format' = 'json', 'properties.bootstrap.servers' = '{bootstrap}',
  'scan.bounded.mode' = 'latest-offset');
SELECT o.id, r.k AS rk, r.rate FROM orders AS o
LEFT JOIN rates FOR SYSTEM_TIME AS OF o.`at` AS r ON o.k = r.k;
SELECT o.id, r.rate FROM orders AS o JOIN rates FOR SYSTEM_TIME AS OF o.`at` AS r ON o.k = r.k;
"""


def test_both_engines_meet_the_same_versions(
    kafka_endpoint: Endpoint, flink: Gateway, unique_name: Callable[[str], str], tmp_path: Path
) -> None:
    bootstrap = kafka_endpoint.properties["bootstrap.servers"]
    topic = unique_name("versions")
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(30)
    producer = Producer({"bootstrap.servers": bootstrap})
    for key, rate, second in RATES:
        value = None if rate is None else json.dumps({"k": key, "rate": rate}).encode()
        at = BEGIN_MS + second * 1000
        producer.produce(topic, value, json.dumps({"k": key}).encode(), timestamp=at)
    assert producer.flush(30) == 0
    orders = tmp_path / "orders.jsonl"
    rows = [{"id": i, "k": k, "ms": BEGIN_MS + s * 1000} for i, k, s in ORDERS]
    orders.write_text("".join(json.dumps(row) + "\n" for row in rows))
    text = TEXT.format(orders=orders, topic=topic, bootstrap=bootstrap)
    others = run_on_flink(flink, cut(text, "versions.sql"))
    for batch_rows in (None, 1):
        script = compile_script(text, "versions.sql", CONNECTORS, FORMATS)
        folder = tmp_path / str(batch_rows)
        results = run_script(script, lambda table: table, folder, EmbeddedRun(batch_rows))
        for own, other in zip(results, others, strict=True):
            assert compare(own, other, ("embedded", "flink")).lines("embedded", "flink") == []
    assert [row.values for row in others[1].changes if row.values[0] == 4] == []
    admin.delete_topics([topic])[topic].result(30)
