"""The tasks for Quix Streams; runs in its own environment: `quix.py JOB`.

One StreamingDataFrame a task. State lies in RocksDB with changelog topics, its default.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from quixstreams import Application
from quixstreams.dataframe.windows import Count, Mean, Sum


def main() -> None:
    """Run the job until the harness ends it."""
    job = json.loads(Path(sys.argv[1]).read_text())
    app = Application(
        broker_address=job["bootstrap"],
        consumer_group=job["output"],
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once" if job["exactly_once"] else "at-least-once",
        # The default of 5 s is for throughput; with exactly once it would be the latency.
        commit_interval=0.1 if job["exactly_once"] else 5.0,
        state_dir=Path(job["folder"]) / "state",
        consumer_extra_config={"fetch.queue.backoff.ms": 5, "isolation.level": "read_committed"},
        producer_extra_config={"linger.ms": 5, "compression.type": "lz4"},
        auto_create_topics=True,
        loglevel="WARNING",
    )
    output = app.topic(job["output"], value_serializer="json", key_serializer="str")
    TASKS[job["task"]](app, job, output)
    app.run()


def _input(app: Application, job: dict, kind: str, time_field: str | None = None):
    def event_time(value, headers, timestamp, timestamp_type) -> int:
        return value[time_field]

    topic = app.topic(
        job["inputs"][kind],
        value_deserializer="json",
        timestamp_extractor=event_time if time_field else None,
    )
    return app.dataframe(topic)


def _text(time_ms: int) -> str:
    at = datetime.fromtimestamp(time_ms / 1000, UTC)
    return at.strftime("%Y-%m-%d %H:%M:%S.") + f"{time_ms % 1000:03}"


def t1(app: Application, job: dict, output) -> None:
    """Windowed."""
    frame = _input(app, job, "rides", "pickup_at").group_by("pu_location_id", key_serializer="int")
    frame = frame.tumbling_window(timedelta(minutes=1), grace_ms=timedelta(seconds=5)).agg(
        rides=Count(), fare=Sum("fare_amount"), distance=Mean("trip_distance")
    )
    # All zones share the watermark of the partition, as in the other engines.
    frame = frame.final(closing_strategy="partition")

    def row(value, key, timestamp, headers) -> dict:
        return {
            "window_start": _text(value["start"]),
            "pu_location_id": int(key),
            "rides": value["rides"],
            "fare": value["fare"],
            "distance": value["distance"],
        }

    frame.apply(row, metadata=True).to_topic(output, key=lambda row: str(row["pu_location_id"]))


def t2(app: Application, job: dict, output) -> None:
    """Stateless."""
    frame = _input(app, job, "rides")
    frame = frame.filter(lambda r: r["trip_distance"] > 10 and r["payment_type"] == 1)
    frame.apply(
        lambda r: {
            "ride_id": r["ride_id"],
            "pu_location_id": r["pu_location_id"],
            "do_location_id": r["do_location_id"],
            "trip_distance": r["trip_distance"],
            "paid": r["fare_amount"] + r["tip_amount"],
        }
    ).to_topic(output, key=lambda row: None)


def t3(app: Application, job: dict, output) -> None:
    """Lookup in a table that was loaded from a file."""
    places = {}
    with Path(job["places"]).open() as lines:
        for line in lines:
            place, _, name = line.rstrip("\n").partition(",")
            places[int(place)] = name
    few = job["task"] == "T3"

    def row(r: dict) -> dict:
        place = r["pu_location_id"] if few else r["ride_id"] * 7919 % 1_000_000
        return {
            "ride_id": r["ride_id"],
            "place_id": place,
            "name": places[place],
            "total_amount": r["total_amount"],
        }

    _input(app, job, "rides").apply(row).to_topic(output, key=lambda row: None)


def t4(app: Application, job: dict, output) -> None:
    """Sessions."""
    frame = _input(app, job, "visits", "visited_at").group_by("user_id", key_serializer="int")
    frame = frame.session_window(
        inactivity_gap_ms=timedelta(minutes=10), grace_ms=timedelta(seconds=5)
    ).agg(visits=Count(), spent=Sum("total_amount"))

    def row(value, key, timestamp, headers) -> dict:
        return {
            "user_id": int(key),
            "session_start": _text(value["start"]),
            "visits": value["visits"],
            "spent": value["spent"],
        }

    frame.final(closing_strategy="partition").apply(row, metadata=True).to_topic(
        output, key=lambda row: str(row["user_id"])
    )


def t5(app: Application, job: dict, output) -> None:
    """Interval join: a payment may look back 20 seconds to its ride."""
    rides = _input(app, job, "rides", "pickup_at").group_by("ride_id", key_serializer="int")
    payments = _input(app, job, "payments", "paid_at").group_by("ride_id", key_serializer="int")
    joined = payments.join_interval(
        rides,
        how="inner",
        on_merge=lambda payment, ride: {
            "payment_id": payment["payment_id"],
            "ride_id": ride["ride_id"],
            "do_location_id": ride["do_location_id"],
            "amount": payment["amount"],
        },
        # What is older than the grace time is forgotten: the topics are read in no common order.
        grace_ms=timedelta(days=30),
        backward_ms=timedelta(seconds=20),
        forward_ms=0,
    )
    joined.to_topic(output, key=lambda row: None)


def t6(app: Application, job: dict, output) -> None:
    """Changes: what a row was is taken away, what it is is added, for each customer."""

    def images(change: dict) -> list[dict]:
        found = []
        for image, sign in ((change["before"], -1), (change["after"], 1)):
            if image is not None:
                found.append({**image, "sign": sign})
        return found

    def update(image: dict, state) -> dict:
        orders, amount = state.get("sums", default=[0, 0])
        orders, amount = orders + image["sign"], amount + image["sign"] * image["amount"]
        state.set("sums", [orders, amount])
        return {"customer_id": image["customer_id"], "orders": orders, "amount": amount}

    frame = _input(app, job, "changes").apply(images, expand=True)
    frame = frame.group_by("customer_id", key_serializer="int")
    frame.apply(update, stateful=True).to_topic(output, key=lambda row: str(row["customer_id"]))


TASKS = {"T1": t1, "T2": t2, "T3": t3, "T3M": t3, "T4": t4, "T5": t5, "T6": t6}

if __name__ == "__main__":
    main()
