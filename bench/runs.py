"""One run: a job from its begin to its end, measured, its output checked."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.engines import BenchEngine, RunFailedError, Running
from bench.job import Job
from bench.measure import TreeMeter, Usage
from bench.servers import Servers
from bench.tasks.task import Task
from bench.topic import create_topic, read_output, record, write_places
from bench.verify import difference, expected_rows
from bench.watch import FirstOutput, Growth

POLL_S = 0.02
# An output that has all rows is whole after this time; one that may still grow needs longer.
QUIET_S, QUIET_UPDATING_S, QUIET_SHORT_S = 1.5, 6.0, 20.0
NO_OUTPUT_S = 180.0


@dataclass(frozen=True, slots=True)
class Run:
    """What a run used, and the seconds from the command to the first committed record."""

    usage: Usage
    first_output_s: float | None
    broker_cpu_s: float


class Bench:
    """The servers, the recordings, and a folder for everything else."""

    def __init__(
        self,
        servers: Servers,
        folder: Path,
        limit_s: float = 900.0,
        prefix: str = "bench",
        turn: Path | None = None,
    ) -> None:
        self.servers = servers
        self.folder = folder
        self._turn = turn
        self._limit_s = limit_s
        self._prefix = prefix
        self._rows: dict[tuple[str, int, int], int] = {}
        self._runs = 0

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While it lasts nobody else has the turn lock: other work on the machine waits."""
        if self._turn is None:
            yield
            return
        with self._turn.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def prepare(self, task: Task, counts: list[int]) -> None:
        """Record the task's inputs, and write what it looks up."""
        for kind in task.inputs:
            for count in counts:
                record(self.servers.bootstrap, self._topic(kind, count), kind, count)
        if task.places and not self._places(task).exists():
            self._write_places(task)

    def recorded(self, task: Task, count: int) -> dict[str, str]:
        """The topics of a task's recorded inputs."""
        return {kind: self._topic(kind, count) for kind in task.inputs}

    def _topic(self, kind: str, count: int) -> str:
        return f"{self._prefix}-{kind}-{count}"

    def new_topic(self, stem: str) -> str:
        """Make a topic that no other run has; return its name."""
        self._runs += 1
        create_topic(self.servers.bootstrap, name := f"{self._prefix}-{stem}-{self._runs}")
        return name

    def job(
        self,
        engine: BenchEngine,
        task: Task,
        inputs: dict[str, str],
        *,
        count: int = 0,
        exactly_once: bool,
    ) -> Job:
        """A job with an output topic of its own; without a count it is unbounded."""
        self._runs += 1
        slug = "".join(c if c.isalnum() else "-" for c in engine.name.lower())
        output = f"{self._prefix}-{task.name.lower()}-{slug}-{self._runs}"
        if task.check is not None:
            create_topic(self.servers.bootstrap, output)
        (folder := self.folder / "runs" / output).mkdir(parents=True)
        return Job(
            task, self.servers, inputs, output, bool(count), exactly_once, count,
            self._places(task), folder,
        )  # fmt: skip

    def run(self, engine: BenchEngine, task: Task, count: int, *, exactly_once: bool) -> Run:
        """Run a task over a recording, and check what came out; raises RunFailedError."""
        job = self.job(
            engine, task, self.recorded(task, count), count=count, exactly_once=exactly_once
        )
        checked = task.check is not None and engine.writes
        with self.alone():
            first = FirstOutput(self.servers.bootstrap, job.output) if checked else None
            usage, broker_s = self._measured(engine, job)
            run = Run(usage, first.stop() if first else None, broker_s)
        if checked:
            self._check(engine, job)
        return run

    def _measured(self, engine: BenchEngine, job: Job) -> tuple[Usage, float]:
        """Launch a job and wait for its end; what its processes used, and the broker."""
        meter = TreeMeter(list(engine.pids()))
        broker_s = self.servers.broker_cpu_s()
        began_s = time.perf_counter()
        running = engine.launch(job)
        try:
            for pid in running.pids:
                meter.add(pid)
            ended_s = self._wait(engine, running, job, began_s)
        finally:
            usage = meter.stop()
            running.end()
        if ended_s is not None:
            usage = Usage(ended_s - began_s, usage.cpu_s, usage.memory_peak_bytes)
        return usage, self.servers.broker_cpu_s() - broker_s

    def _wait(
        self, engine: BenchEngine, running: Running, job: Job, began_s: float
    ) -> float | None:
        """Until the job has ended, or its output has; then the time of the last record."""
        if engine.ends or job.task.check is None:
            while not running.finished():
                self._in_time(engine, began_s)
                time.sleep(POLL_S)
            return None
        rows, enough_s = max(self._due(engine, job.task, job.count), 1), QUIET_S
        if job.task.check.final:
            enough_s = QUIET_UPDATING_S
        growth = Growth(self.servers.bootstrap, job.output)
        try:
            while True:
                quiet_s = growth.quiet_s()
                if growth.records >= rows and quiet_s > enough_s:
                    return growth.last_s
                if growth.records and quiet_s > QUIET_SHORT_S:
                    return growth.last_s  # It is short of rows; the check will say of which.
                if running.finished():
                    raise RunFailedError(f"{engine.name}: it ended before its work was done")
                if not growth.records and quiet_s > NO_OUTPUT_S:
                    raise RunFailedError(f"{engine.name}: no output within {NO_OUTPUT_S:.0f} s")
                self._in_time(engine, began_s)
                time.sleep(POLL_S)
        finally:
            growth.close()

    def _in_time(self, engine: BenchEngine, began_s: float) -> None:
        if time.perf_counter() - began_s > self._limit_s:
            raise RunFailedError(f"{engine.name}: not done within {self._limit_s:,.0f} s")

    def _due(self, engine: BenchEngine, task: Task, count: int) -> int:
        later_ms = engine.closes_later_ms.get(task.name, 0)
        asked = (task.name, count, later_ms)
        if asked not in self._rows:
            self._rows[asked] = expected_rows(task, count, later_ms)
        return self._rows[asked]

    def _check(self, engine: BenchEngine, job: Job) -> None:
        task, lines = job.task, job.folder / "output.jsonl"
        assert task.check is not None
        what = f"{engine.name}, {task.name}, {job.count:,} events"
        if read_output(self.servers.bootstrap, job.output, lines, keyed=task.check.final) == 0:
            raise RunFailedError(f"{what}: no output")
        later_ms = engine.closes_later_ms.get(task.name, 0)
        wrong = difference(task, job.count, lines, knows_end=engine.knows_end, later_ms=later_ms)
        lines.unlink()
        if wrong:
            raise RunFailedError(f"{what}: wrong output: {wrong}")

    def _places(self, task: Task) -> Path:
        return self.folder / f"places-{task.places}.csv"

    def _write_places(self, task: Task) -> None:
        """The same places in a file, in Postgres, and in a topic."""
        lines = [f"{place},place {place}\n" for place in range(task.places + 1)]
        with self.servers.connect() as connection:
            table = f"places_{task.places}"
            connection.execute(f"CREATE TABLE {table} (id BIGINT PRIMARY KEY, name TEXT)".encode())
            with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT csv)".encode()) as copy:
                copy.write("".join(lines))
            connection.execute(f"ANALYZE {table}".encode())
        write_places(self.servers.bootstrap, f"places-{task.places}", len(lines))
        self._places(task).write_text("".join(lines), encoding="utf-8")
