"""The recorded inputs, each one topic of one partition, lz4, seeded: taxi rides, and Nexmark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from bench.nexmark.events import events as nexmark_events

FIRST_PICKUP_MS = 1_700_000_000_000 // 60_000 * 60_000
STEP_MS = 10
ZONES = 265
CHUNK_ROWS = 200_000

_EVENTS = """
SELECT
  i AS ride_id,
  1 + CAST(h1 % 2 AS INTEGER) AS vendor_id,
  $first + i * $step AS pickup_at,
  $first + i * $step + 120000 + CAST(h2 % 3000000 AS BIGINT) AS dropoff_at,
  1 + CAST(h3 % 5 AS INTEGER) AS passenger_count,
  round(CASE WHEN h4 % 100 < 15 THEN 10.01 + (h5 % 2000) / 100.0
             ELSE (h5 % 1000) / 100.0 END, 2) AS trip_distance,
  1 + CAST(h6 % $zones AS INTEGER) AS pu_location_id,
  1 + CAST(h7 % $zones AS INTEGER) AS do_location_id,
  CASE WHEN h8 % 10 < 8 THEN 1 ELSE 2 END AS payment_type,
  round(3.0 + (h9 % 6000) / 100.0, 2) AS fare_amount,
  round((h10 % 1500) / 100.0, 2) AS tip_amount,
  round(3.0 + (h9 % 6000) / 100.0 + (h10 % 1500) / 100.0, 2) AS total_amount
FROM (
  SELECT i, hash(i, 1) AS h1, hash(i, 2) AS h2, hash(i, 3) AS h3, hash(i, 4) AS h4,
         hash(i, 5) AS h5, hash(i, 6) AS h6, hash(i, 7) AS h7, hash(i, 8) AS h8,
         hash(i, 9) AS h9, hash(i, 10) AS h10
  FROM (SELECT unnest(range($low, $high)) AS i)
)
"""


def events(low: int, high: int, con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
    """Rows `low` to `high` of the endless, fixed sequence of events."""
    return con.sql(
        _EVENTS,
        params={
            "first": FIRST_PICKUP_MS,
            "step": STEP_MS,
            "zones": ZONES,
            "low": low,
            "high": high,
        },
    )


INPUTS: dict[str, Callable[[int, int, duckdb.DuckDBPyConnection], duckdb.DuckDBPyRelation]] = {
    "rides": events,
    "nexmark": nexmark_events,
}
"""240-byte JSON taxi events, 12 fields, 10 ms apart; Nexmark's events, 0.1 ms apart."""


def record(bootstrap: str, topic: str, kind: str, count: int) -> None:
    """Write the first `count` events to the topic, unless it already holds exactly that many."""
    if _length(bootstrap, topic) == count:
        return
    create_topic(bootstrap, topic)
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "compression.type": "lz4",
            "linger.ms": 20,
            "batch.size": 1_000_000,
            "queue.buffering.max.messages": 2_000_000,
            "enable.idempotence": True,
        }
    )
    con = duckdb.connect()
    for low in range(0, count, CHUNK_ROWS):
        rows = INPUTS[kind](low, min(low + CHUNK_ROWS, count), con)
        texts = rows.query("e", "SELECT CAST(to_json(e) AS VARCHAR) FROM e")
        for (text,) in texts.fetchall():
            producer.produce(topic, text.encode())
        producer.flush(60)
    assert _length(bootstrap, topic) == count, "the recording is not whole"


def create_topic(bootstrap: str, topic: str) -> None:
    """Make a topic of one partition, kept for ever, and wait until it is there."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    new = NewTopic(topic, 1, 1, config={"retention.ms": "-1", "compression.type": "producer"})
    admin.create_topics([new])[topic].result(30)


def _length(bootstrap: str, topic: str) -> int:
    """Records in the topic's only partition; 0 where there is no such topic."""
    if (
        topic
        not in AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
        .list_topics(timeout=10)
        .topics
    ):
        return 0
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "bench-length"})
    try:
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10)
        return int(high - low)
    finally:
        consumer.close()


def read_output(bootstrap: str, topic: str, file: Path) -> int:
    """Write all committed records of the topic to `file`, a line each; return their number."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "bench-read",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
            "fetch.queue.backoff.ms": 5,
        }
    )
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, p, 0) for p in partitions])
    count, ended = 0, set()
    with file.open("wb", buffering=1 << 20) as out:
        while len(ended) < len(partitions):
            for message in consumer.consume(10_000, timeout=1):
                if message.error() is not None:
                    ended.add(message.partition())
                elif message.value() is not None:
                    out.write(message.value() + b"\n")
                    count += 1
    consumer.close()
    return count
