"""Changes of a table of orders as Debezium tells them, without schemas.

Every order is created and changed three times, a thousand orders at once; the second change may
give it to another customer, and of every four last changes one is its deletion.
"""

from __future__ import annotations

import duckdb

CUSTOMERS = 10_000
TOGETHER = 1_000

_CHANGES = """
WITH numbered AS (
  SELECT i, i // (4 * $together) * $together + i % $together AS k, i // $together % 4 AS v
  FROM (SELECT unnest(range($low, $high)) AS i)
), imaged AS (
  SELECT *, v = 3 AND hash(k, 33) % 4 = 0 AS gone,
    struct_pack(order_id := k,
      customer_id := CAST(hash(k, v >= 2) % $customers AS BIGINT),
      amount := CAST(hash(k, v, 31) % 10000 AS BIGINT)) AS now,
    struct_pack(order_id := k,
      customer_id := CAST(hash(k, v - 1 >= 2) % $customers AS BIGINT),
      amount := CAST(hash(k, v - 1, 31) % 10000 AS BIGINT)) AS past
  FROM numbered
)
SELECT CASE WHEN v > 0 THEN past END AS "before",
       CASE WHEN NOT gone THEN now END AS "after",
       struct_pack(version := '3.7.0.Final', connector := 'postgresql', name := 'bench',
         ts_ms := 1700000000000 + i, snapshot := 'false', db := 'shop', "schema" := 'public',
         "table" := 'orders', "txId" := i, lsn := i * 100) AS source,
       CASE WHEN v = 0 THEN 'c' WHEN gone THEN 'd' ELSE 'u' END AS op,
       1700000000000 + i AS ts_ms
FROM imaged ORDER BY i
"""


def changes(low: int, high: int, con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
    """Changes `low` to `high`: before, after, source, op, ts_ms."""
    values = {"together": TOGETHER, "customers": CUSTOMERS, "low": low, "high": high}
    return con.sql(_CHANGES, params=values)
