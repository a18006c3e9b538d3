"""T4: sessions of 100,000 users, ended by ten minutes without a visit."""

from __future__ import annotations

from bench.tasks.task import Check, Task, text_of

TASK = Task(
    "T4",
    "sessions of 100,000 users",
    text_of("t4_sessions"),
    ("visits",),
    Check(
        """
        WITH marked AS (
          SELECT *, CASE WHEN visited_at - lag(visited_at) OVER w < 600000 THEN 0 ELSE 1 END AS new
          FROM visits WINDOW w AS (PARTITION BY user_id ORDER BY visited_at)
        ), numbered AS (
          SELECT *, sum(new) OVER (PARTITION BY user_id ORDER BY visited_at) AS number FROM marked
        )
        SELECT user_id, make_timestamp(min(visited_at) * 1000) AS session_start, count(*) AS visits,
               sum(total_amount) AS spent, max(visited_at) + 600000 AS closes_at
        FROM numbered GROUP BY user_id, number
        """,
        """
        SELECT user_id, CAST(session_start AS TIMESTAMP) AS session_start, visits, spent FROM output
        """,
        {"user_id": "BIGINT", "session_start": "VARCHAR", "visits": "BIGINT", "spent": "DOUBLE"},
        ("user_id", "session_start"),
        closes_at=True,
    ),
)
