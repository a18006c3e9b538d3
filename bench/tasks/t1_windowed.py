"""T1: one-minute tumbling event-time windows per pick-up zone."""

from __future__ import annotations

from bench.tasks.task import Check, Task, text_of

TASK = Task(
    "T1",
    "windowed: 1-minute tumbling window per zone",
    text_of("t1_windowed"),
    check=Check(
        """
        SELECT make_timestamp(pickup_at // 60000 * 60000000) AS window_start, pu_location_id,
               count(*) AS rides, sum(fare_amount) AS fare, avg(trip_distance) AS distance,
               pickup_at // 60000 * 60000 + 60000 AS closes_at
        FROM rides GROUP BY ALL
        """,
        """
        SELECT CAST(window_start AS TIMESTAMP) AS window_start, pu_location_id, rides, fare,
               distance
        FROM output
        """,
        {
            "window_start": "VARCHAR", "pu_location_id": "BIGINT", "rides": "BIGINT",
            "fare": "DOUBLE", "distance": "DOUBLE",
        },
        ("window_start", "pu_location_id"),
        closes_at=True,
    ),
)  # fmt: skip
