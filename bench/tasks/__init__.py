"""The tasks: each is one Flink SQL text for every SQL engine, and how to check its output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.nexmark import QUERIES, query, tables
from bench.tasks.sinks import with_sink

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Task:
    """One task over one recorded input (a key of `bench.topic.INPUTS`).

    `make_text` gives the text, which holds `${var:input_topic}`, `${var:output_topic}` and
    `${var:bootstrap}`. `expected` is DuckDB SQL over the table `events` (columns as in the topic);
    `compare` the same over the output rows, table `output`. Both must give equal rows: exact,
    floats within 1e-9. Without them the rows go to a sink that counts nothing, as Nexmark has it;
    that both engines give the same ones is what `tests/parity` proves.
    """

    name: str
    title: str
    make_text: Callable[[], str]
    input: str = "rides"
    expected: str | None = None
    compare: str | None = None


TASKS: dict[str, Task] = {
    "T1": Task(
        "T1",
        "windowed: 1-minute tumbling window per zone",
        (HERE / "t1_windowed.sql").read_text,
        "rides",
        """
        SELECT strftime(make_timestamp(pickup_at // 60000 * 60000000), '%Y-%m-%d %H:%M:%S')
                 AS window_start,
               pu_location_id, count(*) AS rides, sum(fare_amount) AS fare,
               avg(trip_distance) AS distance
        FROM events GROUP BY ALL ORDER BY 1, 2
        """,
        """
        SELECT window_start, pu_location_id, rides, fare, distance
        FROM output ORDER BY 1, 2
        """,
    ),
    "T2": Task(
        "T2",
        "stateless: filter 12 %, one to one",
        (HERE / "t2_stateless.sql").read_text,
        "rides",
        """
        SELECT ride_id, pu_location_id, do_location_id, trip_distance,
               fare_amount + tip_amount AS paid
        FROM events WHERE trip_distance > 10 AND payment_type = 1 ORDER BY 1
        """,
        """
        SELECT ride_id, pu_location_id, do_location_id, trip_distance, paid
        FROM output ORDER BY 1
        """,
    ),
}


SOURCE = {
    "connector": "kafka",
    "topic": "${var:input_topic}",
    "properties.bootstrap.servers": "${var:bootstrap}",
    "properties.group.id": "${var:output_topic}",
    "scan.startup.mode": "earliest-offset",
    "scan.bounded.mode": "latest-offset",
    "format": "json",
}
STREAMING = "SET 'execution.runtime-mode' = 'streaming';\n"


def _state_tasks() -> dict[str, Task]:
    """What keeps state for each of a million keys: `state/<name>.sql`, a SELECT over the rides."""
    declared = (HERE / "state" / "rides.sql").read_text()
    found = {}
    for file in sorted((HERE / "state").glob("s*.sql")):
        text = file.read_text()
        title = text.splitlines()[0].removeprefix("-- ")
        name = file.stem.split("_")[0].upper()
        found[name] = Task(name, title, partial(with_sink, STREAMING + declared, text))
    return found


def _nexmark_tasks() -> dict[str, Task]:
    """Nexmark without q13, which looks up a database."""
    declared = STREAMING + tables(SOURCE)
    found = {}
    for name in QUERIES:
        if name != "q13":
            title = query(name).splitlines()[0].removeprefix("-- ")
            found[name] = Task(name, title, partial(with_sink, declared, query(name)), "nexmark")
    return found


TASKS |= _state_tasks() | _nexmark_tasks()


def fill(task: Task, count: int, output: str, server: str) -> str:
    """The text of a task over a recorded input of so many events, all its variables filled in."""
    text = task.make_text()
    values = {"input_topic": f"{task.input}-{count}", "output_topic": output, "bootstrap": server}
    for name, value in values.items():
        text = text.replace("${var:" + name + "}", value)
    return text
