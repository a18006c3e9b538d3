"""The command: `python -m bench [--tasks T1,T2] [--runs 3] [--events 10000000]`."""

from __future__ import annotations

import argparse
import datetime as dt
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.broker import broker
from bench.engines import BenchEngine, Run, RunFailedError
from bench.engines.flink import TASKMANAGER_HEAP_MB, FlinkSql
from bench.engines.tidemill import Tidemill
from bench.report import Sample, as_json, markdown, summarise
from bench.tasks import TASKS, Task, fill
from bench.topic import create_topic, read_output, record
from bench.verify import difference

ENGINES: dict[str, Callable[[int], BenchEngine]] = {
    "tidemill": lambda _heap_mb: Tidemill(),
    "flink-1": lambda heap_mb: FlinkSql(1, heap_mb),
    "flink-2": lambda heap_mb: FlinkSql(2, heap_mb),
}


def main() -> int:
    """Measure, print the table, write the files."""
    arguments = _arguments()
    tasks = [TASKS[name] for name in _chosen(arguments.tasks)]
    engines = [ENGINES[name](arguments.flink_heap_mb) for name in arguments.engines.split(",")]
    small, large = arguments.events // 5, arguments.events
    samples: list[Sample] = []
    failed: dict[tuple[str, str], str] = {}
    with (
        tempfile.TemporaryDirectory(prefix="tidemill-bench-") as text,
        broker(Path(text)) as server,
    ):
        folder = Path(text)
        for kind in dict.fromkeys(task.input for task in tasks):
            for count in (small, large):
                _say(f"recording {count:,} events of {kind}")
                record(server, f"{kind}-{count}", kind, count)
        for engine in engines:
            _say(f"starting {engine.name}")
            engine.start(server, folder)
        try:
            for task in tasks:
                for engine in engines:
                    # Not counted: compilers and page caches are warm afterwards, for everyone.
                    try:
                        _run(engine, task, small, -1, server, folder)
                    except RunFailedError as error:
                        _give_up(engine, task, error, failed, server, folder)
            for number in range(arguments.runs):
                for task in tasks:
                    for engine in engines:
                        if (task.name, engine.name) in failed:
                            continue
                        try:
                            made = _sample(engine, task, small, large, number, server, folder)
                        except RunFailedError as error:
                            _give_up(engine, task, error, failed, server, folder)
                        else:
                            samples.append(made)
        finally:
            for engine in engines:
                engine.stop()
    rows = summarise(samples, {engine.name: engine.settings for engine in engines})
    about: dict[str, object] = {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "command": "python -m bench " + " ".join(sys.argv[1:]),
        "machine": f"{platform.machine()}, {platform.system()} {platform.release()}",
        "method": f"{arguments.runs} interleaved runs; {large:,} minus {small:,} events; medians",
    }
    about |= {f"failed, {task}": reason for (task, _), reason in failed.items()}
    table = markdown(rows, about)
    print(table)
    if arguments.output:
        arguments.output.mkdir(parents=True, exist_ok=True)
        (arguments.output / "bench.md").write_text(table)
        (arguments.output / "bench.json").write_text(as_json(rows, samples, about))
    return 0


def _give_up(
    engine: BenchEngine,
    task: Task,
    error: RunFailedError,
    failed: dict[tuple[str, str], str],
    server: str,
    folder: Path,
) -> None:
    """Note that an engine cannot do a task, and begin anew: its processes may be damaged."""
    failed[task.name, engine.name] = str(error)
    _say(f"{task.name} {error}")
    engine.stop()
    engine.start(server, folder)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--tasks", default="T1,T2",
        help=f"tasks, by comma, of {', '.join(TASKS)}; `nexmark` and `state` stand for theirs",
    )  # fmt: skip
    parser.add_argument("--engines", default=",".join(ENGINES), help="engines, by comma")
    parser.add_argument("--runs", type=int, default=3, help="runs of each (default: 3)")
    parser.add_argument("--events", type=int, default=10_000_000, help="events of the large run")
    parser.add_argument(
        "--flink-heap-mb", type=int, default=TASKMANAGER_HEAP_MB,
        help=f"heap of Flink's TaskManager (default: {TASKMANAGER_HEAP_MB}); state needs more",
    )  # fmt: skip
    parser.add_argument("--output", type=Path, help="folder for bench.md and bench.json")
    return parser.parse_args()


def _chosen(text: str) -> list[str]:
    """The names of tasks; a group stands for all of its own."""
    groups = {
        "nexmark": [name for name, task in TASKS.items() if task.input == "nexmark"],
        "state": [name for name in TASKS if name.startswith("S")],
    }
    return [name for part in text.split(",") for name in groups.get(part, [part])]


def _sample(
    engine: BenchEngine,
    task: Task,
    small: int,
    large: int,
    number: int,
    server: str,
    folder: Path,
) -> Sample:
    """Run small and large, check both outputs, take the difference."""
    first = _run(engine, task, small, number, server, folder)
    last = _run(engine, task, large, number, server, folder)
    events = large - small
    seconds = last.usage.wall_s - first.usage.wall_s
    if seconds <= 0:
        raise SystemExit(f"{engine.name}: the runs are too short to compare; raise --events")
    sample = Sample(
        task.name,
        engine.name,
        events / seconds,
        (last.usage.cpu_s - first.usage.cpu_s) / events * 1e6,
        first.first_output_s,
        last.usage.memory_peak_bytes / 1e6,
    )
    _say(
        f"{task.name} {engine.name}: {sample.events_per_s:,.0f} events/s, "
        f"{sample.cpu_us_per_event:.2f} µs CPU an event"
        + (", output checked" if task.expected else "")
    )
    return sample


def _run(
    engine: BenchEngine, task: Task, count: int, number: int, server: str, folder: Path
) -> Run:
    """One run into a topic of its own, whose rows must be right."""
    slug = "".join(c if c.isalnum() else "-" for c in engine.name.lower())
    output = f"{task.name.lower()}-{slug}-{count}-{number + 1}"
    if task.expected is None:
        return engine.run(fill(task, count, output, server), None)
    create_topic(server, output)
    run = engine.run(fill(task, count, output, server), output)
    lines = folder / f"{output}.jsonl"
    if read_output(server, output, lines) == 0:
        raise SystemExit(f"{engine.name}, {task.name}, {count:,} events: no output")
    wrong = difference(task, count, lines)
    lines.unlink()
    if wrong:
        raise SystemExit(f"{engine.name}, {task.name}, {count:,} events: wrong output: {wrong}")
    return run


def _say(text: str) -> None:
    print(f"· {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
