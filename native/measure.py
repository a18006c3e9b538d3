"""Rows a second of both paths, interleaved: `python native/measure.py BOOTSTRAP [TASK...]`.

Writes taxi rows as JSON into a topic of its own, exactly once, epoch by epoch, and reads them from
topics as Debezium's JSON and as Avro, through the crate and through the Python path in turn; prints
medians with the least and the most, and the ratio. Besides, the same for encoding and for decoding
without a broker.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import pyarrow as pa
from confluent_kafka import Producer

from tidemill.connectors import CONNECTORS
from tidemill.formats import FORMATS
from tidemill.interfaces.connector import JobContext
from tidemill.model import Batch, Column, Schema, TableDescriptor
from tidemill.model.types import BIGINT, DOUBLE, INT, timestamp

SCHEMA = Schema(
    (
        Column("ride_id", BIGINT),
        Column("pickup_at", timestamp(3)),
        Column("pu_location_id", INT),
        Column("trip_distance", DOUBLE),
        Column("total_amount", DOUBLE),
    )
)
BATCH_ROWS = 50_000
EPOCHS = 4
BATCHES_PER_EPOCH = 4
TURNS = 5
WAYS = {"native": "1", "python": "0"}


def rows() -> Batch:
    """One batch of taxi rows, as task T2 of `bench/` writes them."""
    random = np.random.default_rng(7)
    number = np.arange(BATCH_ROWS)
    arrays = [
        pa.array(number),
        pa.array(1_700_000_000_000_000 + number * 10_000).cast(pa.timestamp("us")),
        pa.array(random.integers(1, 266, BATCH_ROWS).astype(np.int32)),
        pa.array(random.integers(1000, 3000, BATCH_ROWS) / 100),
        pa.array(random.integers(1000, 9000, BATCH_ROWS) / 100),
    ]
    return Batch(pa.RecordBatch.from_arrays(arrays, schema=SCHEMA.arrow()))


def encode(format_name: str) -> int:
    """Encode as many rows as `write` writes."""
    factory = FORMATS[format_name]
    assert factory.encoder is not None
    encoder = factory.encoder(SCHEMA, factory.options.parse({}))
    batch = rows()
    for _ in range(EPOCHS * BATCHES_PER_EPOCH):
        encoder.encode(batch)
    return EPOCHS * BATCHES_PER_EPOCH * BATCH_ROWS


def decode(format_name: str, messages: list[bytes]) -> int:
    """Decode the messages of a format so often."""
    factory = FORMATS[format_name]
    assert factory.decoder is not None
    decoder = factory.decoder(SCHEMA, factory.options.parse({}), None)
    for _ in range(EPOCHS):
        assert decoder.decode(messages).rows.num_rows == BATCH_ROWS
    return EPOCHS * BATCH_ROWS


def debezium_messages(times: int = 1) -> list[bytes]:
    """The rows, so often, as inserts that Debezium's connector for Postgres tells of."""
    factory = FORMATS["json"]
    assert factory.encoder is not None
    images = factory.encoder(SCHEMA, factory.options.parse({})).encode(rows()).to_pylist()
    source = (
        b'{"version":"3.7.0","connector":"postgresql","name":"taxi","ts_ms":1,"snapshot":"false",'
        b'"db":"app","sequence":"[\\"%d\\",\\"%d\\"]","schema":"public","table":"rides","lsn":%d}'
    )
    event = b'{"before":null,"after":%b,"source":%b,"transaction":null,"op":"c","ts_ms":1}'
    return [
        event % (image, source % (1000 + i // 500, 2000 + i, 2000 + i))
        for i, image in enumerate(images * times)
    ]


def avro_messages(times: int = 1) -> list[bytes]:
    """The rows, so often, as Avro."""
    factory = FORMATS["avro"]
    assert factory.encoder is not None
    found = factory.encoder(SCHEMA, factory.options.parse({})).encode(rows()).to_pylist()
    return list(found) * times


def fill(bootstrap: str, format_name: str, messages: list[bytes]) -> str:
    """A topic with so many messages of the format; returns its name."""
    topic = f"measure-{os.getpid()}-{format_name}"
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 50})
    for number, message in enumerate(messages):
        producer.produce(topic, message, b"%d" % number, partition=0)
        if number % BATCH_ROWS == 0 and producer.flush(60):
            break
    if producer.flush(60):
        raise SystemExit("the broker took not all messages")
    return topic


def read(bootstrap: str, topic: str, format_name: str) -> int:
    """Read the topic to its end, connecting included."""
    options = {
        "connector": "kafka",
        "topic": topic,
        "format": format_name,
        "scan.startup.mode": "earliest-offset",
        "scan.bounded.mode": "latest-offset",
        "properties.bootstrap.servers": bootstrap,
    }
    table = TableDescriptor("in", SCHEMA, options, ())
    source = CONNECTORS["kafka"].source(table, JobContext(f"measure-{os.getpid()}", FORMATS))
    count = 0
    try:
        source.open({})
        while not source.finished():
            count += sum(batch.rows.num_rows for batch in source.read(BATCH_ROWS, 500))
    finally:
        source.close()
    assert count == EPOCHS * BATCH_ROWS
    return count


def write(bootstrap: str) -> int:
    """Write all epochs, connecting included."""
    options = {
        "connector": "kafka",
        "topic": f"measure-{os.getpid()}",
        "format": "json",
        "properties.bootstrap.servers": bootstrap,
    }
    table = TableDescriptor("out", SCHEMA, options, ())
    job = JobContext(f"measure-{os.getpid()}", FORMATS)
    group = CONNECTORS["kafka"].commit_group([table], job)
    held = group.open() or 0
    batch = rows()
    try:
        for epoch in range(held + 1, held + 1 + EPOCHS):
            for _ in range(BATCHES_PER_EPOCH):
                group.writer("out").write(batch)
            group.prepare(epoch)
            group.commit(epoch, {})
    finally:
        group.close()
    return EPOCHS * BATCHES_PER_EPOCH * BATCH_ROWS


def measure(name: str, task: Callable[[], int]) -> None:
    """Both ways in turn; wall clock and CPU of this process."""
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    for turn in range(TURNS + 1):
        for way, setting in WAYS.items():
            os.environ["TIDEMILL_NATIVE"] = setting
            wall, cpu = time.perf_counter(), time.process_time()
            count = task()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            if turn:  # the first is a warm-up
                found[way].append((count / wall, cpu / count * 1e6))
    medians = {}
    for way, figures in found.items():
        rates, costs = ([figure[i] for figure in figures] for i in (0, 1))
        medians[way] = (statistics.median(rates), statistics.median(costs))
        print(
            f"{name:20} {way:8} {medians[way][0]:12,.0f} rows/s "
            f"({min(rates):,.0f} to {max(rates):,.0f})  {medians[way][1]:.2f} CPU us/row"
        )
    (fast, lean), (slow, fat) = medians["native"], medians["python"]
    print(f"{name:20} ratio    {fast / slow:12.1f} by the clock, {fat / lean:.1f} per CPU second")


def main(bootstrap: str, chosen: list[str]) -> None:
    """Measure all tasks, or only some."""
    messages = {"debezium-json": debezium_messages, "avro": avro_messages}
    tasks: dict[str, Callable[[], int]] = {
        f"encode {name}": partial(encode, name) for name in ("json", "debezium-json", "avro")
    }
    for name, some in messages.items():
        tasks[f"decode {name}"] = partial(decode, name, some())
    tasks["write"] = partial(write, bootstrap)
    for task, run in tasks.items():
        if not chosen or task in chosen:
            measure(task, run)
    for name, some in messages.items():
        if not chosen or f"read {name}" in chosen:
            topic = fill(bootstrap, name, some(EPOCHS))
            measure(f"read {name}", partial(read, bootstrap, topic, name))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
