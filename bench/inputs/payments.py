"""Payments of the rides, 10 ms apart, each up to 30 s after its ride; some rides have none."""

from __future__ import annotations

import duckdb

from bench.inputs.rides import FIRST_PICKUP_MS, STEP_MS

_PAYMENTS = """
SELECT i AS payment_id,
       CASE WHEN i < 3000 THEN i ELSE i - CAST(hash(i, 21) % 3000 AS BIGINT) END AS ride_id,
       $first + i * $step AS paid_at,
       round(3.0 + (hash(i, 22) % 9000) / 100.0, 2) AS amount
FROM (SELECT unnest(range($low, $high)) AS i)
"""


def payments(low: int, high: int, con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
    """Payments `low` to `high`."""
    values = {"first": FIRST_PICKUP_MS, "step": STEP_MS, "low": low, "high": high}
    return con.sql(_PAYMENTS, params=values)
