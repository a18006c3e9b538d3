"""Feeds a topic at a fixed rate: `python -m bench.feed BOOTSTRAP TOPIC KIND RATE SECONDS`.

Open loop: event i is due at start + (i - PROBE) / rate and is sent then, however late the ones
before it were. The first PROBE events go at once, so that it can be seen whether an engine reads.
The events are made beforehand. It prints `ready`, waits for a line on stdin, then prints the start,
in seconds of the machine's monotonic clock, and at the end by how many seconds the latest was sent
late, of those after the first WARM_UP_SHARE: where that is much, the machine is at its end, and the
latency is that of the feeder.
"""

from __future__ import annotations

import sys
import time

import duckdb
from confluent_kafka import Producer

from bench.inputs import INPUTS
from bench.topic import CHUNK_ROWS

PROBE = 1_000
WARM_UP_SHARE = 0.25
"""So much of the time does not count: compilers warm up."""


def main() -> int:
    """Feed."""
    bootstrap, topic, kind, rate_text, seconds_text = sys.argv[1:]
    rate = int(rate_text)
    texts = _events(kind, PROBE + rate * int(seconds_text))
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "compression.type": "lz4",
            "linger.ms": 1,
            "acks": 1,
            "queue.buffering.max.messages": 2_000_000,
        }
    )
    for text in texts[:PROBE]:
        producer.produce(topic, text)
    producer.flush(30)
    del texts[:PROBE]
    print("ready", flush=True)
    sys.stdin.readline()
    start_s = time.monotonic() + 0.1
    print(start_s, flush=True)
    sent, latest_s, counted = 0, 0.0, int(len(texts) * WARM_UP_SHARE)
    while sent < len(texts):
        now = time.monotonic()
        due = min(int((now - start_s) * rate) + 1, len(texts)) if now >= start_s else 0
        if due > sent:
            if sent >= counted:
                latest_s = max(latest_s, now - start_s - sent / rate)
            for text in texts[sent:due]:
                producer.produce(topic, text)
            sent = due
            producer.poll(0)
        time.sleep(0.0005)
    producer.flush(30)
    print(latest_s, flush=True)
    return 0


def _events(kind: str, count: int) -> list[bytes]:
    con = duckdb.connect()
    found: list[bytes] = []
    for low in range(0, count, CHUNK_ROWS):
        rows = INPUTS[kind](low, min(low + CHUNK_ROWS, count), con)
        texts = rows.query("e", "SELECT CAST(to_json(e) AS VARCHAR) FROM e").fetchall()
        found += [text.encode() for (text,) in texts]
    return found


if __name__ == "__main__":
    raise SystemExit(main())
