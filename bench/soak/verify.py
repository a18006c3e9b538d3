"""The rows at the end: windows against DuckDB, totals against the table that they were made of."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import duckdb
import psycopg

from bench.inputs.rides import FIRST_PICKUP_MS, rides
from bench.soak.feeder import RING, WINDOW_MS
from bench.soak.project import WINDOWS
from bench.topic import read_output

WATERMARK_MS = 5_000
_TOLERANCE = 1e-9
_WAIT_S = 120.0

_EXPECTED = """
CREATE TABLE want AS
SELECT i // $rate AS number, pu_location_id, count(*) AS rides, sum(fare_amount) AS fare,
       avg(trip_distance) AS distance
FROM range($events) AS e(i) JOIN ring ON i % $ring = ride_id
GROUP BY ALL
"""
_GOT = """
CREATE TABLE got AS
SELECT (epoch_ms(CAST(window_start AS TIMESTAMP)) - $first) // $window AS number, pu_location_id,
       rides, fare, distance
FROM output
"""
_WRONG = """
SELECT count(*) FILTER (g.rides IS NULL AND number < $closed) AS missing,
       count(*) FILTER (w.rides IS NULL) AS unexpected,
       count(*) FILTER (w.rides <> g.rides OR abs(w.fare - g.fare) > $near * abs(w.fare)
                        OR abs(w.distance - g.distance) > $near * abs(w.distance)) AS different,
       (SELECT count(*) - count(DISTINCT (number, pu_location_id)) FROM got) AS twice
FROM want AS w FULL JOIN got AS g USING (number, pu_location_id)
"""


def closed_windows(events: int, rate: int) -> int:
    """How many windows the watermark has passed after so many events."""
    return max(0, ((events - 1) * WINDOW_MS // rate - WATERMARK_MS) // WINDOW_MS)


def check_windows(bootstrap: str, events: int, rate: int) -> tuple[int, dict[str, int]]:
    """The rows in the topic, and how many are missing, unexpected, different, twice there."""
    with tempfile.TemporaryDirectory(prefix="tidemill-soak-") as folder:
        file = Path(folder) / "windows.jsonl"
        count = read_output(bootstrap, WINDOWS, file)
        return count, wrong_windows(file, events, rate)


def wrong_windows(file: Path, events: int, rate: int) -> dict[str, int]:
    """The same for rows in a file, a line each."""
    con = _expected(events, rate)
    columns = {
        "window_start": "VARCHAR", "pu_location_id": "BIGINT", "rides": "BIGINT",
        "fare": "DOUBLE", "distance": "DOUBLE",
    }  # fmt: skip
    con.read_json(str(file), format="newline_delimited", columns=columns).create_view("output")
    con.execute(_GOT, {"first": FIRST_PICKUP_MS, "window": WINDOW_MS})
    asked = con.execute(_WRONG, {"closed": closed_windows(events, rate), "near": _TOLERANCE})
    names = [column[0] for column in asked.description or ()]
    return dict(zip(names, asked.fetchone() or (), strict=True))


def check_totals(postgres: psycopg.Connection) -> int:
    """Rows of the table of totals that differ once all changes had their time to come through."""
    deadline = time.monotonic() + _WAIT_S
    while (wrong := _wrong_totals(postgres)) and time.monotonic() < deadline:
        time.sleep(0.5)
    return wrong


def _wrong_totals(postgres: psycopg.Connection) -> int:
    want = "SELECT customer_id, count(*), sum(amount)::bigint FROM orders GROUP BY customer_id"
    got = "SELECT customer_id, orders, amount FROM totals"
    row = postgres.execute(
        f"SELECT count(*) FROM (({want} EXCEPT {got}) UNION ALL ({got} EXCEPT {want})) d".encode()
    ).fetchone()
    return int(row[0]) if row else -1


def _expected(events: int, rate: int) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("SET TimeZone='UTC'")
    rides(0, RING, con).create("ring")
    con.execute(_EXPECTED, {"events": events, "rate": rate, "ring": RING})
    return con
