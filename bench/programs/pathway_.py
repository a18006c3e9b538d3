"""The tasks for Pathway; runs in its own environment: `pathway_.py JOB`.

Reads and writes Kafka with its own connectors, in streaming mode; rows carry `time` and `diff`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pathway as pw

WINDOW_MS, DELAY_MS = 60_000, 5_000


class Ride(pw.Schema):
    """The fields that the tasks need; the others are not decoded."""

    ride_id: int
    pickup_at: int
    trip_distance: float
    pu_location_id: int
    do_location_id: int
    payment_type: int
    fare_amount: float
    tip_amount: float
    total_amount: float


class Payment(pw.Schema):
    """A payment."""

    payment_id: int
    ride_id: int
    paid_at: int
    amount: float


class Change(pw.Schema):
    """Both images of a change, flat."""

    old_customer: int | None = pw.column_definition(default_value=None)
    old_amount: int | None = pw.column_definition(default_value=None)
    new_customer: int | None = pw.column_definition(default_value=None)
    new_amount: int | None = pw.column_definition(default_value=None)


class Place(pw.Schema):
    """A place."""

    place: int = pw.column_definition(primary_key=True)
    name: str


def main() -> None:
    """Run the job until the harness ends it."""
    job = json.loads(Path(sys.argv[1]).read_text())
    table, key = TASKS[job["task"]](job)
    settings = {
        "bootstrap.servers": job["bootstrap"],
        "linger.ms": "5",
        "compression.type": "lz4",
    }
    pw.io.kafka.write(table, settings, job["output"], format="json", key=key)
    pw.run(monitoring_level=pw.MonitoringLevel.NONE)


def _input(job: dict, kind: str, schema: type[pw.Schema], paths: dict | None = None) -> pw.Table:
    settings = {
        "bootstrap.servers": job["bootstrap"],
        "group.id": job["output"],
        "auto.offset.reset": "earliest",
        "fetch.queue.backoff.ms": "5",
    }
    return pw.io.kafka.read(
        settings,
        job["inputs"][kind],
        schema=schema,
        format="json",
        json_field_paths=paths,
        autocommit_duration_ms=100 if job["bounded"] else 10,
    )


def _text(time_ms: pw.ColumnExpression) -> pw.ColumnExpression:
    return time_ms.dt.from_timestamp(unit="ms").dt.strftime("%Y-%m-%d %H:%M:%S.%3f")


def t1(job: dict):
    """Windowed."""
    rides = _input(job, "rides", Ride)
    windows = rides.windowby(
        rides.pickup_at,
        window=pw.temporal.tumbling(duration=WINDOW_MS),
        instance=rides.pu_location_id,
        behavior=pw.temporal.exactly_once_behavior(shift=DELAY_MS),
    ).reduce(
        start=pw.this._pw_window_start,
        pu_location_id=pw.this._pw_instance,
        rides=pw.reducers.count(),
        fare=pw.reducers.sum(pw.this.fare_amount),
        distance=pw.reducers.avg(pw.this.trip_distance),
    )
    return windows.select(
        window_start=_text(pw.this.start),
        pu_location_id=pw.this.pu_location_id,
        rides=pw.this.rides,
        fare=pw.this.fare,
        distance=pw.this.distance,
    ), None


def t2(job: dict):
    """Stateless."""
    rides = _input(job, "rides", Ride)
    kept = rides.filter((pw.this.trip_distance > 10) & (pw.this.payment_type == 1))
    return kept.select(
        ride_id=pw.this.ride_id,
        pu_location_id=pw.this.pu_location_id,
        do_location_id=pw.this.do_location_id,
        trip_distance=pw.this.trip_distance,
        paid=pw.this.fare_amount + pw.this.tip_amount,
    ), None


def t3(job: dict):
    """Lookup: a join with a table that was read from a file."""
    places = pw.io.csv.read(str(_with_head(job)), schema=Place, mode="static")
    rides = _input(job, "rides", Ride)
    place = pw.this.pu_location_id if job["task"] == "T3" else pw.this.ride_id * 7919 % 1_000_000
    keyed = rides.select(ride_id=pw.this.ride_id, total_amount=pw.this.total_amount, place_id=place)
    return keyed.join(places, keyed.place_id == places.place).select(
        ride_id=keyed.ride_id,
        place_id=keyed.place_id,
        name=places.name,
        total_amount=keyed.total_amount,
    ), None


def _with_head(job: dict) -> Path:
    file = Path(job["folder"]) / "places.csv"
    file.write_text("place,name\n" + Path(job["places"]).read_text())
    return file


def t5(job: dict):
    """Interval join."""
    rides = _input(job, "rides", Ride)
    payments = _input(job, "payments", Payment)
    return rides.interval_join(
        payments,
        rides.pickup_at,
        payments.paid_at,
        pw.temporal.interval(0, 20_000),
        rides.ride_id == payments.ride_id,
    ).select(
        payment_id=payments.payment_id,
        ride_id=rides.ride_id,
        do_location_id=rides.do_location_id,
        amount=payments.amount,
    ), None


def t6(job: dict):
    """Changes: what a row was is taken away, what it is is added, for each customer."""
    paths = {
        "old_customer": "/before/customer_id",
        "old_amount": "/before/amount",
        "new_customer": "/after/customer_id",
        "new_amount": "/after/amount",
    }
    changes = _input(job, "changes", Change, paths)
    was = changes.filter(pw.this.old_customer.is_not_none()).select(
        customer=pw.unwrap(pw.this.old_customer), sign=-1, amount=-pw.unwrap(pw.this.old_amount)
    )
    now = changes.filter(pw.this.new_customer.is_not_none()).select(
        customer=pw.unwrap(pw.this.new_customer), sign=1, amount=pw.unwrap(pw.this.new_amount)
    )
    sums = (
        pw.Table.concat_reindex(was, now)
        .groupby(pw.this.customer)
        .reduce(
            customer_id=pw.this.customer,
            orders=pw.reducers.sum(pw.this.sign),
            amount=pw.reducers.sum(pw.this.amount),
        )
    )
    keyed = sums.with_columns(key=pw.cast(str, pw.this.customer_id))
    return keyed, keyed.key


TASKS = {"T1": t1, "T2": t2, "T3": t3, "T3M": t3, "T5": t5, "T6": t6}

if __name__ == "__main__":
    main()
