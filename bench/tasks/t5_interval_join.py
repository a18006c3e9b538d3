"""T5: each payment is joined with its ride, where it came within 20 seconds; two topics."""

from __future__ import annotations

from bench.tasks.task import Check, Task, text_of

TASK = Task(
    "T5",
    "interval join of two topics",
    text_of("t5_interval_join"),
    ("rides", "payments"),
    Check(
        """
        SELECT p.payment_id, r.ride_id, r.do_location_id, p.amount
        FROM payments AS p JOIN rides AS r ON p.ride_id = r.ride_id
          AND p.paid_at BETWEEN r.pickup_at AND r.pickup_at + 20000
        """,
        "SELECT payment_id, ride_id, do_location_id, amount FROM output",
        {
            "payment_id": "BIGINT", "ride_id": "BIGINT", "do_location_id": "BIGINT",
            "amount": "DOUBLE",
        },
        ("payment_id",),
    ),
)  # fmt: skip
