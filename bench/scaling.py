"""How the cost of an event grows: with keys, windows, partitions, the width of rows, topics.

    python -m bench.scaling [--curves keys,...] [--events 2000000] [--runs 3] [--engines tidemill]

Every point is one query over a recorded topic into `blackhole`. Its cost is steady: that of the
events between a short and a long run of the same recording; on the curve `keys` the short run has
made all keys already, so what is measured is the cost of an event with that much state.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import duckdb

from bench.engines import BenchEngine, RunFailedError
from bench.engines.flink import TASKMANAGER_HEAP_MB
from bench.engines.process import say
from bench.engines.registry import chosen
from bench.inputs.rides import rides
from bench.runs import Bench
from bench.servers import running
from bench.tasks.sinks import with_sink
from bench.tasks.task import Task
from bench.topic import write

_DECLARED = """SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE rides (
  ride_id BIGINT, pickup_at BIGINT, trip_distance DOUBLE, pu_location_id INT, fare_amount DOUBLE,
  {pad}pickup_time AS TO_TIMESTAMP_LTZ(pickup_at, 3),
  WATERMARK FOR pickup_time AS pickup_time - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka', 'topic' = '{topics}', 'format' = 'json',
  'properties.bootstrap.servers' = '${{var:bootstrap}}',
  'properties.group.id' = '${{var:output}}',
  'scan.startup.mode' = 'earliest-offset',
  {bounded}
);
"""
_WINDOW = """
SELECT window_start, pu_location_id, COUNT(*) AS rides, SUM(fare_amount) AS fare
FROM TABLE({function}) GROUP BY window_start, window_end, pu_location_id
"""
_TUMBLE = "TUMBLE(TABLE rides, DESCRIPTOR(pickup_time), INTERVAL '{}' SECOND(4))"
_HOP = "HOP(TABLE rides, DESCRIPTOR(pickup_time), INTERVAL '{}' SECOND(4), INTERVAL '{}' SECOND(4))"
_MINUTE = _WINDOW.format(function=_TUMBLE.format(60))
_KEYS = """
SELECT MOD(ride_id * 7919, {}) AS k, COUNT(*) AS rides, SUM(fare_amount) AS fare
FROM rides GROUP BY MOD(ride_id * 7919, {})
"""
_NARROW = "SELECT ride_id, pu_location_id, fare_amount FROM rides WHERE trip_distance > 10"
_WIDE = "SELECT ride_id, pu_location_id, pad FROM rides WHERE trip_distance > 10"


@dataclass(frozen=True, slots=True)
class Point:
    """One query over one recording; `warm` events are out of the figure at least."""

    curve: str
    x: int
    select: str
    partitions: int = 1
    topics: int = 1
    pad: int = 0
    warm: int = 0


@dataclass(frozen=True, slots=True)
class Figure:
    """One run of one point; `events_per_s` is 0 where the runs were too short to tell."""

    curve: str
    x: int
    engine: str
    events_per_s: float
    cpu_us_per_event: float
    memory_peak_mb: float


def points(most_keys: int) -> Iterator[Point]:
    """All points, curve by curve."""
    for keys in (1_000, 10_000, 100_000, 1_000_000, 10_000_000):
        if keys <= most_keys:
            yield Point("keys", keys, _KEYS.format(keys, keys), warm=keys)
    for seconds in (1, 10, 60, 600, 3600):
        yield Point("window length, s", seconds, _WINDOW.format(function=_TUMBLE.format(seconds)))
    for windows in (1, 2, 5, 10, 30):
        function = _HOP.format(600 // windows, 600)
        yield Point("windows an event", windows, _WINDOW.format(function=function))
    for count in (1, 2, 4, 8, 16):
        yield Point("partitions", count, _MINUTE, partitions=count)
    for count in (1, 2, 4, 8, 16):
        yield Point("topics", count, _MINUTE, topics=count)
    for width in (0, 250, 1_000, 4_000):
        yield Point("bytes more, not read", width, _NARROW, pad=width)
    for width in (250, 1_000, 4_000):
        yield Point("bytes more, read", width, _WIDE, pad=width)


def main() -> int:
    """Measure, print, write."""
    asked = _arguments()
    wanted = asked.curves.split(",") if asked.curves else None
    todo = [
        point for point in points(asked.most_keys)
        if wanted is None or any(point.curve.startswith(name) for name in wanted)
    ]  # fmt: skip
    engines = chosen(asked.engines, asked.flink_heap_mb)
    figures: list[Figure] = []
    with (
        tempfile.TemporaryDirectory(prefix="tidemill-scaling-") as text,
        running(Path(text)) as servers,
    ):
        bench = Bench(servers, Path(text))
        for engine in engines:
            engine.start(servers, Path(text))
        try:
            for _ in range(asked.runs):
                for point in todo:
                    for engine in engines:
                        figures += _measured(bench, engine, point, asked.events)
        finally:
            for engine in engines:
                engine.stop()
    print(table(figures))
    if asked.output:
        asked.output.mkdir(parents=True, exist_ok=True)
        (asked.output / "scaling.md").write_text(table(figures) + "\n", encoding="utf-8")
        body = json.dumps([asdict(figure) for figure in figures], indent=2)
        (asked.output / "scaling.json").write_text(body, encoding="utf-8")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.scaling")
    parser.add_argument("--curves", help="begins of curves' names, by comma (default: all)")
    parser.add_argument("--events", type=int, default=2_000_000, help="events that are counted")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--most-keys", type=int, default=10_000_000)
    parser.add_argument("--engines", default="tidemill")
    parser.add_argument("--flink-heap-mb", type=int, default=TASKMANAGER_HEAP_MB)
    parser.add_argument("--output", type=Path, help="folder for scaling.md and scaling.json")
    return parser.parse_args()


def _measured(bench: Bench, engine: BenchEngine, point: Point, events: int) -> list[Figure]:
    """The steady cost of so many events; nothing where the engine failed, which is told."""
    short = max(point.warm, events // 4)
    short -= short % (point.partitions * point.topics)
    count = events - events % (point.partitions * point.topics)
    try:
        first, last = (
            bench.run(engine, _recorded(bench, point, length, short + count), length,
                      exactly_once=True).usage
            for length in (short, short + count)
        )  # fmt: skip
    except RunFailedError as error:
        say(f"{point.curve} {point.x:,}: {error}")
        return []
    seconds = last.wall_s - first.wall_s
    figure = Figure(
        point.curve,
        point.x,
        engine.name,
        count / seconds if seconds > 0 else 0.0,
        (last.cpu_s - first.cpu_s) / count * 1e6,
        last.memory_peak_bytes / 1e6,
    )
    say(f"{point.curve} {point.x:,}, {engine.name}: {figure.cpu_us_per_event:.2f} µs CPU an event")
    return [figure]


def _recorded(bench: Bench, point: Point, length: int, longest: int) -> Task:
    """The point's query over the first events of a recording.

    Several topics can only be bounded by where they end, so they are recorded for each length.
    """
    topics = _record(bench, point, longest if point.topics == 1 else length)
    bounded = "'scan.bounded.mode' = 'latest-offset'"
    if point.topics == 1:
        each = length // point.partitions
        offsets = ";".join(f"partition:{p},offset:{each}" for p in range(point.partitions))
        bounded = (
            f"'scan.bounded.mode' = 'specific-offsets',\n"
            f"  'scan.bounded.specific-offsets' = '{offsets}'"
        )
    declared = _DECLARED.format(
        pad="pad STRING,\n  " if point.pad else "", topics=";".join(topics), bounded=bounded
    )
    name = f"{point.curve}-{point.x}".replace(" ", "-").replace(",", "")
    return Task(name, point.curve, partial(with_sink, declared, point.select), inputs=())


def _record(bench: Bench, point: Point, count: int) -> list[str]:
    """The recording of a point, shared with others of the same form."""
    made = []
    for number in range(point.topics):
        name = f"rides-{count}-{point.partitions}-{point.topics}-{point.pad}-{number}"
        rows = partial(_rows, point, number)
        each = count // point.topics
        write(bench.servers.bootstrap, name, rows, each, point.partitions)
        made.append(name)
    return made


def _rows(
    point: Point, number: int, low: int, high: int, con: duckdb.DuckDBPyConnection
) -> duckdb.DuckDBPyRelation:
    """Each of several topics has every n-th ride, so that they are alike in time."""
    found = rides(low * point.topics, high * point.topics, con)
    kept = f"WHERE ride_id % {point.topics} = {number}" if point.topics > 1 else ""
    pad = f", repeat('x', {point.pad}) AS pad" if point.pad else ""
    return found.query("r", f"SELECT *{pad} FROM r {kept} ORDER BY ride_id")


def table(figures: list[Figure]) -> str:
    """Medians with the least and the most; the last column is against the curve's first point."""
    groups: dict[tuple[str, str, int], list[Figure]] = {}
    for figure in figures:
        groups.setdefault((figure.curve, figure.engine, figure.x), []).append(figure)
    lines = [
        "| curve | engine | at | CPU µs an event (min–max) | events/s | peak MB | to the first |",
        "|---|---|---|---|---|---|---|",
    ]
    begins: dict[tuple[str, str], float] = {}
    for (curve, engine, x), group in groups.items():
        costs = sorted(figure.cpu_us_per_event for figure in group)
        cost = statistics.median(costs)
        begin = begins.setdefault((curve, engine), cost)
        rates = [figure.events_per_s for figure in group if figure.events_per_s]
        rate = f"{statistics.median(rates):,.0f}" if rates else "too short"
        peak = statistics.median(figure.memory_peak_mb for figure in group)
        ratio = f"{cost / begin:.2f}" if begin > 0 else ""
        lines.append(
            f"| {curve} | {engine} | {x:,} | {cost:.2f} ({costs[0]:.2f}–{costs[-1]:.2f}) "
            f"| {rate} | {peak:,.0f} | {ratio} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
