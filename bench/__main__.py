"""The command: `python -m bench [--tasks main] [--engines all] [--runs 5] [--events 10000000]`."""

from __future__ import annotations

import argparse
import datetime as dt
import platform
import sys
import tempfile
from contextlib import suppress
from itertools import product
from pathlib import Path

from bench.chart import svg
from bench.engines import BenchEngine, RunFailedError
from bench.engines.flink import TASKMANAGER_HEAP_MB
from bench.engines.process import end_on_sigterm, say
from bench.engines.registry import DEFAULT, ENGINES
from bench.engines.registry import chosen as chosen_engines
from bench.latency import measure_latency
from bench.report import Results, Sample, as_json, markdown, summarise
from bench.runs import Bench
from bench.servers import running
from bench.tasks import GROUPS, TASKS, Task
from bench.tasks import chosen as chosen_tasks

STEP = 5
"""A recording is so many times as large as the next smaller one."""
WARM_S = 30
CLIMB_SHARE = 0.4
"""An engine that needs more than this share of a run's time gets no larger recording."""


def main() -> int:
    """Measure, print the tables, write the files."""
    asked = _arguments()
    end_on_sigterm()
    tasks = chosen_tasks(asked.tasks)
    engines = chosen_engines(asked.engines, asked.flink_heap_mb)
    results = Results(_about(asked), {engine.name: engine.settings for engine in engines})
    with (
        tempfile.TemporaryDirectory(prefix="tidemill-bench-") as text,
        running(Path(text), postgres=any(task.places for task in tasks)) as servers,
    ):
        bench = Bench(servers, Path(text), asked.limit_s, turn=asked.turn_lock)
        measurement = _Measurement(bench, engines, results, asked)
        try:
            measurement.start()
            if asked.runs:
                measurement.throughput(tasks)
            rates = [int(part) for part in asked.rates.split(",") if part]
            if rates and asked.warm_up and not asked.runs:
                measurement.warm_broker(tasks, rates[0])
            for rate in rates:
                measurement.latency(tasks, rate)
        finally:
            for engine in engines:
                engine.stop()
            _write(results, asked.output)
    print(markdown(results))
    return 0


class _Measurement:
    """The order of things: everything of a round once on each engine, then the next round."""

    def __init__(
        self, bench: Bench, engines: list[BenchEngine], results: Results, asked: argparse.Namespace
    ) -> None:
        self._bench = bench
        self._engines = engines
        self._results = results
        self._asked = asked

    def start(self) -> None:
        """Install, and bring up what stays up; an engine that cannot be had is left out."""
        for engine in list(self._engines):
            say(f"starting {engine.name}")
            try:
                engine.start(self._bench.servers, self._bench.folder)
            except RunFailedError as error:
                self._results.without["all", engine.name] = str(error)
                say(str(error))
                self._engines.remove(engine)

    def throughput(self, tasks: list[Task]) -> None:
        """Run a small and a large recording on each engine, in turns.

        The warm-up says what an engine can do in the time of a run: a slow one gets a recording
        that is a fifth as large, or a fifth of that.
        """
        sizes = [self._asked.events // share for share in (1, STEP, STEP**2, STEP**3)]
        for task in tasks:
            say(f"recording {', '.join(task.inputs)} for {task.name}")
            self._bench.prepare(task, sizes if self._asked.warm_up else sizes[:2])
        larges: dict[tuple[str, str], int] = {}
        for number in range(-1 if self._asked.warm_up else 0, self._asked.runs):
            for task in tasks:
                for engine in self._engines:
                    if not self._can(engine, task):
                        continue
                    if number < 0:
                        larges[task.name, engine.name] = self._warm_up(engine, task, sizes)
                    else:
                        large = larges.get((task.name, engine.name), sizes[0])
                        self._one(engine, task, large // STEP, large)
            _write(self._results, self._asked.output)

    def _warm_up(self, engine: BenchEngine, task: Task, sizes: list[int]) -> int:
        """Run until compilers and page caches are warm; return the large size for the engine.

        A small run is mostly start-up and says little of a large one, so sizes are climbed; the
        first run, of the smallest, meets a cold cluster and says nothing.
        """
        try:
            self._bench.run(engine, task, sizes[3], exactly_once=engine.fair_exactly_once)
            for size in (sizes[2], sizes[1]):
                run = self._bench.run(engine, task, size, exactly_once=engine.fair_exactly_once)
                if run.usage.wall_s > self._asked.run_s * CLIMB_SHARE:
                    return size
        except RunFailedError as error:
            self._give_up(engine, task, error)
        return sizes[0]

    def latency(self, tasks: list[Task], rate_per_s: int) -> None:
        """Feed at a fixed rate: at least once, and exactly once where an engine can."""
        for _ in range(max(1, self._asked.runs)):
            for task in tasks:
                for engine in self._engines:
                    for once in (False, True) if engine.exactly_once else (False,):
                        if task.latency_key and self._can(engine, task):
                            self._one_latency(engine, task, rate_per_s, once)
            _write(self._results, self._asked.output)

    def warm_broker(self, tasks: list[Task], rate_per_s: int) -> None:
        """One measurement of latency that does not count.

        What is measured first meets a broker that has just started, whose code is still being
        compiled, and had twice the latency.
        """
        for engine, task in product(self._engines, tasks):
            if task.latency_key and self._can(engine, task):
                say(f"warming the broker by {task.name} on {engine.name}")
                with suppress(RunFailedError), self._bench.alone():
                    measure_latency(
                        self._bench, engine, task, rate_per_s, WARM_S, engine.fair_exactly_once
                    )
                return

    def _can(self, engine: BenchEngine, task: Task) -> bool:
        why = engine.cannot.get(task.name)
        if why is None and task.check is None and not engine.any_sql:
            why = "only SQL engines run it"
        if why is not None:
            self._results.without[task.name, engine.name] = why
        return (task.name, engine.name) not in self._results.without

    def _one(self, engine: BenchEngine, task: Task, small: int, large: int) -> None:
        once = engine.fair_exactly_once
        try:
            first = self._bench.run(engine, task, small, exactly_once=once)
            last = self._bench.run(engine, task, large, exactly_once=once)
        except RunFailedError as error:
            self._give_up(engine, task, error)
            return
        events = (large - small) * len(task.inputs)
        seconds = last.usage.wall_s - first.usage.wall_s
        if seconds <= 0:
            say(f"{task.name} {engine.name}: too short to compare; raise --events")
            return
        sample = Sample(
            task.name,
            engine.name,
            events,
            events / seconds,
            (last.usage.cpu_s - first.usage.cpu_s) / events * 1e6,
            first.first_output_s,
            last.usage.memory_peak_bytes / 1e6,
            (last.broker_cpu_s - first.broker_cpu_s) / events * 1e6,
        )
        self._results.samples.append(sample)
        say(
            f"{task.name} {engine.name}: {sample.events_per_s:,.0f} events/s, "
            f"{sample.cpu_us_per_event:.2f} µs CPU an event"
            + (", output checked" if task.check and engine.writes else "")
        )

    def _one_latency(
        self, engine: BenchEngine, task: Task, rate_per_s: int, exactly_once: bool
    ) -> None:
        try:
            with self._bench.alone():
                sample = measure_latency(
                    self._bench, engine, task, rate_per_s, self._asked.seconds, exactly_once
                )
        except RunFailedError as error:
            self._give_up(engine, task, error, f" at {rate_per_s:,}/s")
            return
        self._results.latencies.append(sample)
        say(
            f"{task.name} {engine.name}, {'exactly' if exactly_once else 'at least'} once, "
            f"{rate_per_s:,}/s: p50 {sample.p50_ms:.1f} ms, p99 {sample.p99_ms:.1f} ms"
        )

    def _give_up(
        self, engine: BenchEngine, task: Task, error: RunFailedError, when: str = ""
    ) -> None:
        """Note that an engine failed, and begin anew: its processes may be damaged."""
        self._results.without[task.name + when, engine.name] = str(error)
        say(f"{task.name}{when} {error}")
        engine.stop()
        engine.start(self._bench.servers, self._bench.folder)


def _about(asked: argparse.Namespace) -> dict[str, object]:
    small, large = asked.events // STEP, asked.events
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "command": "python -m bench " + " ".join(sys.argv[1:]),
        "machine": f"{platform.machine()}, {platform.system()} {platform.release()}",
        "method": f"{asked.runs} interleaved runs; {large:,} minus {small:,} events (engines that "
        f"would take longer than {asked.run_s:.0f} s: a fifth of both, or a 25th); medians"
        + (f"; latency over {asked.seconds} s" if asked.rates else ""),
    }


def _write(results: Results, folder: Path | None) -> None:
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    rows = summarise(results.samples, results.settings)
    (folder / "bench.md").write_text(markdown(results), encoding="utf-8")
    (folder / "bench.json").write_text(as_json(results), encoding="utf-8")
    titles = {name: task.title for name, task in TASKS.items()}
    (folder / "bench.svg").write_text(svg(rows, titles), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--tasks", default="T1,T2",
        help=f"tasks, by comma, of {', '.join(TASKS)}; {', '.join(GROUPS)} stand for theirs",
    )  # fmt: skip
    parser.add_argument(
        "--engines", default=",".join(DEFAULT),
        help=f"engines, by comma, of {', '.join(ENGINES)}; `all` stands for all",
    )  # fmt: skip
    parser.add_argument(
        "--runs", type=int, default=3,
        help="runs of each (default: 3); 0 measures no rate, but latency once",
    )  # fmt: skip
    parser.add_argument("--events", type=int, default=10_000_000, help="events of the large run")
    parser.add_argument(
        "--rates", default="", help="events/s to measure latency at, by comma: 10000,100000"
    )
    parser.add_argument("--seconds", type=int, default=60, help="how long latency is measured")
    parser.add_argument("--no-warm-up", dest="warm_up", action="store_false")
    parser.add_argument(
        "--run-s", type=float, default=60,
        help="an engine that takes longer for a run gets fewer events (default: 60)",
    )  # fmt: skip
    parser.add_argument("--limit-s", type=float, default=900, help="how long a run may take")
    parser.add_argument(
        "--flink-heap-mb", type=int, default=TASKMANAGER_HEAP_MB,
        help=f"heap of Flink's TaskManager (default: {TASKMANAGER_HEAP_MB}); state needs more",
    )  # fmt: skip
    parser.add_argument(
        "--turn-lock", type=Path,
        help="a file locked (flock) while a run is measured, for other work to wait on",
    )  # fmt: skip
    parser.add_argument("--output", type=Path, help="folder for bench.md, bench.json, bench.svg")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
