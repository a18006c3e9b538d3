"""T6: Debezium's changes of orders into a count and a sum of each customer, an upsert topic."""

from __future__ import annotations

from bench.tasks.task import Check, Task, text_of

TASK = Task(
    "T6",
    "Debezium changes into an updating aggregate",
    text_of("t6_changes"),
    ("changes",),
    Check(
        """
        WITH last AS (
          SELECT arg_max("after", ts_ms) AS row, arg_max(op, ts_ms) AS op
          FROM changes GROUP BY coalesce("after".order_id, "before".order_id)
        )
        SELECT row.customer_id AS customer_id, count(*) AS orders, sum(row.amount) AS amount
        FROM last WHERE op <> 'd' GROUP BY 1
        """,
        """
        SELECT CAST(regexp_extract(record_key, '[0-9]+') AS BIGINT) AS customer_id, orders, amount
        FROM output WHERE orders > 0
        """,
        {"customer_id": "BIGINT", "orders": "BIGINT", "amount": "BIGINT"},
        ("customer_id",),
        final=True,
    ),
)
