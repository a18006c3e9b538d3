"""Watches an output topic: its first committed record, and when it stops growing."""

from __future__ import annotations

import threading
import time

from confluent_kafka import Consumer, TopicPartition

from bench.topic import high_watermark

_CLIENT = {
    "isolation.level": "read_committed",
    "enable.auto.commit": False,
    "fetch.wait.max.ms": 20,
    "queued.max.messages.kbytes": 64,
    "topic.metadata.refresh.interval.ms": 200,
    "log_level": 0,
}


class FirstOutput:
    """From construction on, polls the topic until a record is there or `stop` is called."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._started_s = time.perf_counter()
        self._seen_s: float | None = None
        self._stop = threading.Event()
        self._consumer = Consumer(
            {"bootstrap.servers": bootstrap, "group.id": "bench-watch", **_CLIENT}
        )
        self._consumer.assign([TopicPartition(topic, 0, 0)])
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    @property
    def seen(self) -> bool:
        """Whether a record is there."""
        return self._seen_s is not None

    def _watch(self) -> None:
        while not self._stop.is_set():
            message = self._consumer.poll(0.05)
            if message is not None and message.error() is None:
                self._seen_s = time.perf_counter() - self._started_s
                break
        self._consumer.close()

    def stop(self) -> float | None:
        """Seconds from construction to the first record, or None where none came."""
        deadline = time.monotonic() + 5
        while self._seen_s is None and time.monotonic() < deadline:
            time.sleep(0.01)
        self._stop.set()
        self._thread.join()
        return self._seen_s


class Growth:
    """Whether a topic still grows, asked without reading it."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._topic = topic
        self._consumer = Consumer(
            {"bootstrap.servers": bootstrap, "group.id": "bench-growth", "log_level": 0}
        )
        self.records = 0
        self.last_s = time.perf_counter()

    def quiet_s(self) -> float:
        """Ask; return for how long the topic has not grown."""
        now = time.perf_counter()
        if (records := high_watermark(self._consumer, self._topic)) != self.records:
            self.records, self.last_s = records, now
        return now - self.last_s

    def close(self) -> None:
        """Let the broker go."""
        self._consumer.close()
