"""Topics of a measurement: recording an input, making an output, reading it back."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from bench.inputs import INPUTS, Input

CHUNK_ROWS = 200_000
_READ = {
    "isolation.level": "read_committed",
    "enable.partition.eof": True,
    "enable.auto.commit": False,
    "fetch.queue.backoff.ms": 5,
}


def record(bootstrap: str, topic: str, kind: str, count: int) -> None:
    """Write the first `count` events of a kind, unless the topic holds exactly that many."""
    write(bootstrap, topic, INPUTS[kind], count, 1)


def write(bootstrap: str, topic: str, rows: Input, count: int, partitions: int) -> None:
    """Write events to a topic, in turn to its partitions, so that each is in order of time."""
    if _length(bootstrap, topic) == count:
        return
    create_topic(bootstrap, topic, partitions)
    producer = fast_producer(bootstrap)
    con = duckdb.connect()
    for low in range(0, count, CHUNK_ROWS):
        chunk = rows(low, min(low + CHUNK_ROWS, count), con)
        texts = chunk.query("e", "SELECT CAST(to_json(e) AS VARCHAR) FROM e").fetchall()
        for number, (text,) in enumerate(texts, low):
            producer.produce(topic, text.encode(), partition=number % partitions)
        producer.flush(60)
    assert _length(bootstrap, topic) == count, "the recording is not whole"


def write_places(bootstrap: str, topic: str, count: int) -> None:
    """The places as a topic, id as eight bytes to name, for engines that keep a table of it."""
    if _length(bootstrap, topic) == count:
        return
    create_topic(bootstrap, topic)
    producer = fast_producer(bootstrap)
    for place in range(count):
        producer.produce(topic, f"place {place}".encode(), place.to_bytes(8, "big"))
    producer.flush(60)


def fast_producer(bootstrap: str) -> Producer:
    """lz4, large batches."""
    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "compression.type": "lz4",
            "linger.ms": 20,
            "batch.size": 1_000_000,
            "queue.buffering.max.messages": 2_000_000,
            "enable.idempotence": True,
        }
    )


def create_topic(bootstrap: str, topic: str, partitions: int = 1) -> None:
    """Make a topic that is kept for ever, and wait until it is there."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    config = {"retention.ms": "-1", "compression.type": "producer"}
    admin.create_topics([NewTopic(topic, partitions, 1, config=config)])[topic].result(30)


def high_watermark(consumer: Consumer, topic: str) -> int:
    """The next offset of the topic's first partition; markers of transactions count too."""
    return int(consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10)[1])


def _length(bootstrap: str, topic: str) -> int:
    """Records in the topic; 0 where there is no such topic."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    if (found := admin.list_topics(timeout=10).topics.get(topic)) is None:
        return 0
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "bench-length"})
    try:
        ends = [
            consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=10)
            for p in found.partitions
        ]
        return sum(int(high - low) for low, high in ends)
    finally:
        consumer.close()


def read_output(bootstrap: str, topic: str, file: Path, *, keyed: bool = False) -> int:
    """Write all committed records of the topic to `file`, a line each; return their number.

    With `keyed` a line is `{"record_key": ..., "number": ..., **value}`, and tombstones count.
    """
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "bench-read", **_READ})
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, p, 0) for p in partitions])
    count, ended = 0, set()
    with file.open("wb", buffering=1 << 20) as out:
        while len(ended) < len(partitions):
            for message in consumer.consume(10_000, timeout=1):
                if message.error() is not None:
                    ended.add(message.partition())
                    continue
                value = message.value()
                if keyed:
                    key = (message.key() or b"").decode()
                    fields = json.loads(value) if value is not None else {}
                    value = json.dumps({"record_key": key, "number": count, **fields}).encode()
                elif value is None:
                    continue
                out.write(value + b"\n")
                count += 1
    consumer.close()
    return count
