"""The tasks: each is one Flink SQL file for every SQL engine, and how to check its output."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Task:
    """One task.

    `expected` is DuckDB SQL over the table `events` (columns as in the topic); `compare` the same
    over the output rows, table `output`. Both must give equal rows: exact, floats within 1e-9.
    """

    name: str
    title: str
    file: Path
    expected: str
    compare: str


TASKS: dict[str, Task] = {
    "T1": Task(
        "T1",
        "windowed: 1-minute tumbling window per zone",
        HERE / "t1_windowed.sql",
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
        HERE / "t2_stateless.sql",
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
