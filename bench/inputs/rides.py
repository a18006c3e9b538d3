"""Taxi rides: 240 bytes of JSON, 12 fields, 265 zones, 10 ms apart; and the same with a user."""

from __future__ import annotations

import duckdb

FIRST_PICKUP_MS = 1_700_000_000_000 // 60_000 * 60_000
STEP_MS = 10
ZONES = 265
USERS = 100_000

_RIDES = """
SELECT
  i AS ride_id,
  1 + CAST(h1 % 2 AS INTEGER) AS vendor_id,
  $first + i * $step AS pickup_at,
  $first + i * $step + 120000 + CAST(h2 % 3000000 AS BIGINT) AS dropoff_at,
  1 + CAST(h3 % 5 AS INTEGER) AS passenger_count,
  round(CASE WHEN h4 % 100 < 15 THEN 10.01 + (h5 % 2000) / 100.0
             ELSE (h5 % 1000) / 100.0 END, 2) AS trip_distance,
  1 + CAST(h6 % $zones AS INTEGER) AS pu_location_id,
  1 + CAST(h7 % $zones AS INTEGER) AS do_location_id,
  CASE WHEN h8 % 10 < 8 THEN 1 ELSE 2 END AS payment_type,
  round(3.0 + (h9 % 6000) / 100.0, 2) AS fare_amount,
  round((h10 % 1500) / 100.0, 2) AS tip_amount,
  round(3.0 + (h9 % 6000) / 100.0 + (h10 % 1500) / 100.0, 2) AS total_amount
FROM (
  SELECT i, hash(i, 1) AS h1, hash(i, 2) AS h2, hash(i, 3) AS h3, hash(i, 4) AS h4,
         hash(i, 5) AS h5, hash(i, 6) AS h6, hash(i, 7) AS h7, hash(i, 8) AS h8,
         hash(i, 9) AS h9, hash(i, 10) AS h10
  FROM (SELECT unnest(range($low, $high)) AS i)
)
"""


def rides(low: int, high: int, con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
    """Rides `low` to `high`."""
    return con.sql(
        _RIDES,
        params={
            "first": FIRST_PICKUP_MS,
            "step": STEP_MS,
            "zones": ZONES,
            "low": low,
            "high": high,
        },
    )


def visits(low: int, high: int, con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
    """Rides with `user_id`, one of 100,000 at random, and `visited_at` in milliseconds.

    Two visits never lie a whole number of minutes apart, so that no session's gap is met exactly:
    there engines differ.
    """
    return rides(low, high, con).query(
        "r",
        f"SELECT *, CAST(hash(ride_id, 11) % {USERS} AS BIGINT) AS user_id, "
        "pickup_at + ride_id % 7 AS visited_at FROM r",
    )
