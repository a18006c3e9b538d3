"""The tasks for Bytewax; runs in its own environment: `bytewax_.py JOB`.

One worker. Reads and writes Kafka with its own connectors; state lies in the process.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.operators.windowing import (
    EventClock,
    SessionWindower,
    TumblingWindower,
    fold_window,
)
from bytewax.testing import run_main

ALIGNED = datetime(2020, 1, 1, tzinfo=UTC)


def main() -> None:
    """Run the job: to the end of the input where it is bounded, else until it is ended."""
    job = json.loads(Path(sys.argv[1]).read_text())
    flow = Dataflow(job["task"])
    source = KafkaSource(
        [job["bootstrap"]],
        list(job["inputs"].values()),
        tail=not job["bounded"],
        add_config={"fetch.queue.backoff.ms": "5"},
        batch_size=10_000 if job["bounded"] else 1_000,
    )
    rows = op.map("decode", op.input("in", flow, source), lambda m: json.loads(m.value))
    made = TASKS[job["task"]](job, rows)
    sink = KafkaSink(
        [job["bootstrap"]],
        job["output"],
        add_config={"linger.ms": "5", "compression.type": "lz4"},
    )
    op.output("out", op.map("encode", made, _encode), sink)
    run_main(flow)


def _encode(pair: tuple) -> KafkaSinkMessage:
    key, row = pair
    return KafkaSinkMessage(key, json.dumps(row).encode())


def _at(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.") + f"{at.microsecond // 1000:03}"


def t1(job: dict, rows):
    """Windowed."""
    keyed = op.key_on("zone", rows, lambda r: str(r["pu_location_id"]))
    clock = EventClock(lambda r: _at(r["pickup_at"]), timedelta(seconds=5))
    windower = TumblingWindower(timedelta(minutes=1), ALIGNED)

    def add(sums: list, ride: dict) -> list:
        sums[0] += 1
        sums[1] += ride["fare_amount"]
        sums[2] += ride["trip_distance"]
        return sums

    def merge(a: list, b: list) -> list:
        return [x + y for x, y in zip(a, b, strict=True)]

    windows = fold_window("sums", keyed, clock, windower, lambda: [0, 0.0, 0.0], add, merge)

    def row(pair: tuple) -> tuple:
        zone, (window, (count, fare, distance)) = pair
        start = ALIGNED + timedelta(minutes=window)
        return None, {
            "window_start": _text(start),
            "pu_location_id": int(zone),
            "rides": count,
            "fare": fare,
            "distance": distance / count,
        }

    return op.map("row", windows.down, row)


def t2(job: dict, rows):
    """Stateless."""
    kept = op.filter("keep", rows, lambda r: r["trip_distance"] > 10 and r["payment_type"] == 1)
    return op.map(
        "row",
        kept,
        lambda r: (
            None,
            {
                "ride_id": r["ride_id"],
                "pu_location_id": r["pu_location_id"],
                "do_location_id": r["do_location_id"],
                "trip_distance": r["trip_distance"],
                "paid": r["fare_amount"] + r["tip_amount"],
            },
        ),
    )


def t3(job: dict, rows):
    """Lookup in a table that was loaded from a file."""
    places = {}
    with Path(job["places"]).open() as lines:
        for line in lines:
            place, _, name = line.rstrip("\n").partition(",")
            places[int(place)] = name
    few = job["task"] == "T3"

    def row(r: dict) -> tuple:
        place = r["pu_location_id"] if few else r["ride_id"] * 7919 % 1_000_000
        return None, {
            "ride_id": r["ride_id"],
            "place_id": place,
            "name": places[place],
            "total_amount": r["total_amount"],
        }

    return op.map("row", rows, row)


def t4(job: dict, rows):
    """Sessions."""
    keyed = op.key_on("user", rows, lambda r: str(r["user_id"]))
    clock = EventClock(lambda r: _at(r["visited_at"]), timedelta(seconds=5))
    # A visit exactly one gap behind the last is still of its session to Bytewax, and begins one in
    # SQL; times are whole milliseconds.
    windower = SessionWindower(timedelta(minutes=10) - timedelta(milliseconds=1))

    def add(sums: list, visit: dict) -> list:
        return [sums[0] + 1, sums[1] + visit["total_amount"], min(sums[2], visit["visited_at"])]

    def merge(a: list, b: list) -> list:
        return [a[0] + b[0], a[1] + b[1], min(a[2], b[2])]

    windows = fold_window("sums", keyed, clock, windower, lambda: [0, 0.0, 1 << 62], add, merge)

    def row(pair: tuple) -> tuple:
        user, (_, (visits, spent, first_ms)) = pair
        return None, {
            "user_id": int(user),
            "session_start": _text(_at(first_ms)),
            "visits": visits,
            "spent": spent,
        }

    return op.map("row", windows.down, row)


def t6(job: dict, rows):
    """Changes: what a row was is taken away, what it is is added, for each customer."""

    def images(change: dict) -> list[tuple[str, tuple[int, int]]]:
        found = []
        for image, sign in ((change["before"], -1), (change["after"], 1)):
            if image is not None:
                found.append((str(image["customer_id"]), (sign, sign * image["amount"])))
        return found

    def update(sums, image: tuple[int, int]):
        orders, amount = sums or (0, 0)
        now = (orders + image[0], amount + image[1])
        return now, now

    totals = op.stateful_map("totals", op.flat_map("images", rows, images), update)

    def row(pair: tuple) -> tuple:
        customer, (orders, amount) = pair
        value = {"customer_id": int(customer), "orders": orders, "amount": amount}
        return customer.encode(), value

    return op.map("row", totals, row)


TASKS = {"T1": t1, "T2": t2, "T3": t3, "T3M": t3, "T4": t4, "T6": t6}

if __name__ == "__main__":
    main()
