"""Latency at a fixed rate: from when an event was due to when a committed row of it can be read.

The feeder is open loop (`bench.feed`), so an engine that stands still is charged for all that waits
meanwhile. The first quarter of the time does not count: compilers warm up. Every row that was due
must come, once; else there is no figure.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time

import numpy as np
from confluent_kafka import Consumer, TopicPartition

from bench.engines import BenchEngine, RunFailedError, Running
from bench.feed import PROBE, WARM_UP_SHARE
from bench.job import Job
from bench.report import LatencySample
from bench.runs import Bench
from bench.tasks.task import Task
from bench.verify import expected_rows

READY_S, TAIL_S = 120.0, 60.0


def measure_latency(
    bench: Bench,
    engine: BenchEngine,
    task: Task,
    rate_per_s: int,
    seconds: int,
    exactly_once: bool,
) -> LatencySample:
    """One run; raises RunFailedError where rows are missing or doubled."""
    bench.prepare(task, [])
    (kind,) = task.inputs
    topic = bench.new_topic("feed")
    job = bench.job(engine, task, {kind: topic}, exactly_once=exactly_once)
    feeder = subprocess.Popen(
        [sys.executable, "-m", "bench.feed", job.servers.bootstrap, topic, kind,
         str(rate_per_s), str(seconds)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert feeder.stdin is not None and feeder.stdout is not None
    running: Running | None = None
    reader = _Reader(job)
    count = PROBE + rate_per_s * seconds
    rows = expected_rows(task, count)  # before the clock runs: it takes seconds
    try:
        feeder.stdout.readline()
        running = engine.launch(job)
        reader.wait_for_first(engine, running)
        feeder.stdin.write("go\n")
        feeder.stdin.flush()
        start_s = float(feeder.stdout.readline())
        reader.follow(rows, start_s + seconds + TAIL_S)
        late_s = feeder.stdout.readline()
    finally:
        if running is not None:
            running.end()
        reader.close()
        feeder.kill()
        feeder.wait()
    ids, arrived_s = reader.seen()
    if len(ids) != rows or len(np.unique(ids)) != rows:
        raise RunFailedError(f"{engine.name}: {rows:,} rows were due, {len(ids):,} came")
    latencies_ms = (arrived_s - start_s - (ids - PROBE) / rate_per_s) * 1000
    counted = latencies_ms[ids >= PROBE + rate_per_s * seconds * WARM_UP_SHARE]
    p50, p99, p999 = (float(value) for value in np.percentile(counted, [50, 99, 99.9]))
    return LatencySample(
        task.name, engine.name, exactly_once, rate_per_s, len(counted), p50, p99, p999,
        float(late_s) * 1000,
    )  # fmt: skip


class _Reader:
    """Reads an output topic as it grows, and notes when each row could be read."""

    def __init__(self, job: Job) -> None:
        key = job.task.latency_key
        self._pattern = re.compile(rb'"%s": ?(\d+)' % key.encode())
        self._ids: list[int] = []
        self._arrived_s: list[float] = []
        self._consumer = Consumer(
            {
                "bootstrap.servers": job.servers.bootstrap,
                "group.id": f"{job.output}-read",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 5,
                "fetch.queue.backoff.ms": 5,
                "log_level": 0,
            }
        )
        self._consumer.assign([TopicPartition(job.output, 0, 0)])

    def wait_for_first(self, engine: BenchEngine, running: Running) -> None:
        """Until a row of the probe has come."""
        deadline = time.monotonic() + READY_S
        while not self._ids:
            self._read()
            if running.finished() or time.monotonic() > deadline:
                raise RunFailedError(f"{engine.name}: no row within {READY_S:.0f} s")

    def follow(self, rows: int, until_s: float) -> None:
        """Until so many rows have come, or the time is over."""
        while len(self._ids) < rows and time.monotonic() < until_s:
            self._read()

    def seen(self) -> tuple[np.ndarray, np.ndarray]:
        """Ids of the events, and when their rows came, in seconds of the monotonic clock."""
        return np.array(self._ids), np.array(self._arrived_s)

    def close(self) -> None:
        """Let the broker go."""
        self._consumer.close()

    def _read(self) -> None:
        # One at least, then what has come with it: no message waits for others.
        first = self._consumer.poll(0.2)
        if first is None:
            return
        messages = [first, *self._consumer.consume(2_000, timeout=0)]
        now = time.monotonic()
        for message in messages:
            if message.error() is None:
                found = self._pattern.search(message.value())
                assert found is not None, message.value()
                self._ids.append(int(found[1]))
                self._arrived_s.append(now)
