"""T2: one to one; 12 % of the rows are kept, one field is computed."""

from __future__ import annotations

from bench.tasks.task import Check, Task, text_of

TASK = Task(
    "T2",
    "stateless: filter 12 %, one to one",
    text_of("t2_stateless"),
    check=Check(
        """
        SELECT ride_id, pu_location_id, do_location_id, trip_distance,
               fare_amount + tip_amount AS paid
        FROM rides WHERE trip_distance > 10 AND payment_type = 1
        """,
        "SELECT ride_id, pu_location_id, do_location_id, trip_distance, paid FROM output",
        {
            "ride_id": "BIGINT", "pu_location_id": "BIGINT", "do_location_id": "BIGINT",
            "trip_distance": "DOUBLE", "paid": "DOUBLE",
        },
        ("ride_id",),
    ),
    latency_key="ride_id",
)  # fmt: skip
