"""T3: each ride is enriched with the name of a place: of 265, or of a million.

SQL engines look it up in Postgres, with a cache; the others load a file or read a topic into a
table of their own, as their documentation shows.
"""

from __future__ import annotations

from bench.tasks.task import HERE, Check, Task


def _task(name: str, title: str, places: int, sql_key: str, key: str) -> Task:
    return Task(
        name,
        title,
        lambda: (HERE / "t3_lookup.sql").read_text().replace("${key}", sql_key),
        check=Check(
            f"""
            SELECT ride_id, {key} AS place_id, 'place ' || ({key}) AS name, total_amount FROM rides
            """,
            "SELECT ride_id, place_id, name, total_amount FROM output",
            {
                "ride_id": "BIGINT", "place_id": "BIGINT", "name": "VARCHAR",
                "total_amount": "DOUBLE",
            },
            ("ride_id",),
        ),
        places=places,
        latency_key="ride_id",
    )  # fmt: skip


FEW = _task("T3", "lookup of 265 keys", 265, "CAST(pu_location_id AS BIGINT)", "pu_location_id")
MANY = _task(
    "T3M",
    "lookup of 1,000,000 keys",
    1_000_000,
    "MOD(ride_id * 7919, 1000000)",
    "(ride_id * 7919) % 1000000",
)
