"""How long a reading takes through one job, on this engine, on Flink, and on Spark.

Each engine runs pipelines/latency.sql, or latency_exactly_once.sql, in a process of its own, one
after the other, on the same machine and the same Kafka: the same topic in, a topic of its own out.
Readings are sent at a steady rate, each with the time it was sent at; when a reader of committed
messages has its answer, that time is subtracted.
Guarantees: what was sent after the job was warm is counted, and nothing else.
Non-guarantees: another machine, rate, or pipeline may give other numbers; this measures latency at
a modest rate, not what an engine can carry.
"""

from __future__ import annotations

import json
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tidemill.connectors.kafka.records import NewRecord
from tidemill.control.demo.clickstream_iot.chart import latency_html, latency_text
from tidemill.control.demo.workspace import DemoRun
from tidemill.control.topics import Cluster, create_topic, list_topics, read_topic, write_topic
from tidemill.errors import TidemillError
from tidemill.records import dataclass

TOPIC = "latency_in"
CHART = "latency.html"
RATE_PER_S, SECONDS, WARM_S = 200, 10, 3.0
START_S, DRAIN_S = 240.0, 15.0


@dataclass(frozen=True, slots=True)
class Engine:
    """One way to run a file of pipelines/; `checkpoint` is how often it commits."""

    name: str
    pipeline: str
    flags: tuple[str, ...]
    checkpoint: str
    servers: tuple[str, ...] = ()

    @property
    def topic(self) -> str:
        """Where its answers go."""
        return "latency_" + "_".join(self.name.lower().replace(",", "").split())


_FLINK = ("--engine", "flink")
ENGINES = (
    Engine("Tidemill exactly once", "latency_exactly_once", (), "50 ms"),
    Engine("Tidemill at least once", "latency", (), "50 ms"),
    Engine("Flink exactly once", "latency_exactly_once", _FLINK, "1 s", ("flink",)),
    Engine("Flink at least once", "latency", _FLINK, "1 s", ("flink",)),
    Engine("Spark micro-batches", "latency", ("--engine", "spark"), "1 s"),
)


@dataclass(frozen=True, slots=True)
class Latency:
    """What was measured of one engine; times in milliseconds."""

    engine: str
    sent: int
    answered: int
    p50: float
    p95: float
    p99: float
    most: float


def compare_engines(run: DemoRun) -> tuple[list[dict[str, Any]], str]:
    """Measure all engines that can be started; returns the numbers, and a chart as text.

    The chart is also written as a page of its own, `latency.html` in the demo's folder.
    """
    found: list[Latency] = []
    for engine in ENGINES:
        with run.step("latency", f"{engine.name}: {RATE_PER_S} readings/s for {SECONDS} s"):
            try:
                if engine.servers:
                    run.start_servers(engine.servers)
                found.append(_measure(run, engine))
            except (TidemillError, _NotMeasuredError) as error:
                run.note(f"{engine.name} is left out: {error}")
    page = run.folder / CHART
    page.write_text(latency_html(found, RATE_PER_S), encoding="utf-8")
    run.note(f"the chart: {page}")
    return [asdict(one) for one in found], latency_text(found)


class _NotMeasuredError(Exception):
    """An engine could not be started, or did not answer."""


def _measure(run: DemoRun, engine: Engine) -> Latency:
    cluster = Cluster(run.folder)
    if engine.topic not in {topic.name for topic in list_topics(cluster)}:
        create_topic(cluster, engine.topic, partitions=1, replication=1, settings={})
    log = run.state_dir / "logs" / f"{engine.topic}.log"
    with log.open("wb") as out, _Answers(cluster, engine.topic) as answers:
        process = subprocess.Popen(_command(run, engine), stdout=out, stderr=out, cwd=run.folder)
        try:
            _until_warm(cluster, answers, process, log)
            first = time.time_ns()
            sent = write_topic(cluster, TOPIC, _readings(first))
            limit = time.monotonic() + DRAIN_S
            while answers.count(first) < sent and time.monotonic() < limit:
                time.sleep(0.05)
            return _latency(engine.name, sent, answers.latencies_ms(first))
        finally:
            _end(process)


def _command(run: DemoRun, engine: Engine) -> list[str]:
    variables = {"latency_out": engine.topic, "latency_checkpoint": engine.checkpoint}
    given = [word for k, v in variables.items() for word in ("--var", f"{k}={v}")]
    tidemill = [sys.executable, "-m", "tidemill.cli", "run", engine.pipeline]
    return [*tidemill, *engine.flags, *given, "-C", str(run.folder), "--json"]


def _until_warm(
    cluster: Cluster, answers: _Answers, process: subprocess.Popen[bytes], log: Path
) -> None:
    """Send a reading now and then until answers come, and for a while after that."""
    limit = time.monotonic() + START_S
    warm_until: float | None = None
    while warm_until is None or time.monotonic() < warm_until:
        if process.poll() is None and time.monotonic() > limit:
            raise _NotMeasuredError(f"it gave no answer within {START_S:.0f} s")
        if process.poll() is not None:
            lines = log.read_text(errors="replace").strip().splitlines() or ["it did not start"]
            errors = [line for line in lines if line.startswith("error")]
            raise _NotMeasuredError((errors or lines)[-1][:200])
        begun = time.time_ns()
        write_topic(cluster, TOPIC, [_reading(begun + i) for i in range(20)])
        time.sleep(0.2)
        if warm_until is None and answers.any():
            warm_until = time.monotonic() + WARM_S


def _readings(first: int) -> Iterator[NewRecord]:
    """Readings at a steady rate; their ids begin with `first`."""
    begun = time.monotonic()
    for number in range(RATE_PER_S * SECONDS):
        time.sleep(max(0.0, begun + number / RATE_PER_S - time.monotonic()))
        yield _reading(first + number)


def _reading(number: int) -> NewRecord:
    fields = {
        "reading_id": number,
        "device_id": f"device-{number % 40:03d}",
        "measured": 20.0 + number % 300 / 100,
        "sent_ms": time.time_ns() // 1_000_000,
    }
    return NewRecord(json.dumps(fields).encode())


class _Answers:
    """Reads the committed messages of a topic in a thread of its own, and notes when each came."""

    def __init__(self, cluster: Cluster, topic: str) -> None:
        self._cluster, self._topic = cluster, topic
        self._stop = threading.Event()
        self._came: list[tuple[int, float]] = []
        self._begun = time.time_ns()
        self._thread = threading.Thread(target=self._read, name="latency-answers", daemon=True)

    def __enter__(self) -> _Answers:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _read(self) -> None:
        for record in read_topic(
            self._cluster, self._topic, follow=True, stopped=self._stop.is_set
        ):
            now_ms = time.time() * 1000
            fields = json.loads(record.value or b"{}")
            if fields.get("reading_id", 0) >= self._begun:
                self._came.append((fields["reading_id"], now_ms - fields["sent_ms"]))

    def any(self) -> bool:
        """Whether anything has come that was sent since this reader was made."""
        return bool(self._came)

    def count(self, first: int) -> int:
        """How many answers have come to readings from `first` on; one that came twice is one."""
        return len({number for number, _ in self._came if number >= first})

    def latencies_ms(self, first: int) -> list[float]:
        """How long each reading from `first` on took until its first answer."""
        found: dict[int, float] = {}
        for number, latency_ms in self._came:
            if number >= first:
                found.setdefault(number, latency_ms)
        return list(found.values())


def _latency(engine: str, sent: int, took_ms: list[float]) -> Latency:
    if len(took_ms) < sent // 2:
        raise _NotMeasuredError(f"of {sent} readings {len(took_ms)} were answered")
    cuts = statistics.quantiles(took_ms, n=100, method="inclusive")
    p50, p95, p99, most = (round(v, 1) for v in (cuts[49], cuts[94], cuts[98], max(took_ms)))
    return Latency(engine, sent, len(took_ms), p50, p95, p99, most)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let the job stop in order, as Ctrl-C would; end it where it does not."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
