"""A window with PyFlink's DataStream API: trips per pick-up zone and hour, in event time.

Reads the topic that Debezium writes and writes `nyc_taxi.sink_window.datastream`, as the second
INSERT of `pipelines/nyc_taxi.sql` does. One difference: it counts every change as a trip, so it
agrees with the SQL as long as trips are inserted only; retraction is what SQL gives for free.

    tidemill flink run flink/zone_windows.py
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from pyflink.common import Duration, Time, Types, WatermarkStrategy
from pyflink.common.watermark_strategy import TimestampAssigner
from pyflink.datastream.functions import AggregateFunction, ProcessWindowFunction
from pyflink.datastream.window import TumblingEventTimeWindows
from trips import (
    arguments,
    environment,
    epoch_ms,
    is_clean,
    is_plausible,
    kafka_sink,
    kafka_source,
    money,
    read_trip,
    timestamp,
)

HOUR_MS = 3_600_000


Sums = tuple[int, int, Decimal, float]
"""What is kept of a window while it is open: trips, passengers, revenue, distance."""


class AddTrip(AggregateFunction):
    """Adds trips up, one at a time, so that no window keeps its trips."""

    def create_accumulator(self) -> Sums:
        """An empty window."""
        return 0, 0, Decimal(0), 0.0

    def add(self, value: dict[str, Any], accumulator: Sums) -> Sums:
        """One trip more."""
        trips, passengers, revenue, distance = accumulator
        count = value["passenger_count"]
        return (
            trips + 1,
            passengers + (1 if count is None else count),
            revenue + Decimal(value["total_amount"]),
            distance + value["trip_distance"],
        )

    def get_result(self, accumulator: Sums) -> Sums:
        """The sums themselves."""
        return accumulator

    def merge(self, acc_a: Sums, acc_b: Sums) -> Sums:
        """Two windows as one; tumbling windows never need it."""
        return tuple(a + b for a, b in zip(acc_a, acc_b, strict=True))


class ZoneHour(ProcessWindowFunction):
    """Makes the row of a window that is over."""

    def process(
        self, key: int, context: ProcessWindowFunction.Context, elements: Iterable[Sums]
    ) -> Iterable[str]:
        """One JSON text."""
        for trips, passengers, revenue, distance in elements:
            yield json.dumps(
                {
                    "window_start": timestamp(context.window().start),
                    "window_end": timestamp(context.window().end),
                    "zone_id": key,
                    "trips": trips,
                    "passengers": passengers,
                    "revenue": money(revenue),
                    "avg_distance": distance / trips,
                }
            )


class PickupTime(TimestampAssigner):
    """Event time is when a trip began."""

    def extract_timestamp(self, value: dict[str, Any], record_timestamp: int) -> int:
        """Milliseconds since 1970."""
        return value["tpep_pickup_datetime"]


def main() -> None:
    """Build the job and run it."""
    args = arguments("Add the taxi trips up.", "nyc_taxi.sink_window.datastream")
    first, end = epoch_ms(args.trips_from), epoch_ms(args.trips_to)
    env = environment()
    # Flink takes one more millisecond off, so that this is the same hour as in the SQL file.
    waits = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_millis(HOUR_MS - 1))
    changes = env.from_source(
        kafka_source(args, "nyc_taxi-windows"), WatermarkStrategy.no_watermarks(), "changes"
    )
    (
        changes.map(read_trip)
        .filter(lambda trip: trip is not None and is_plausible(trip, first, end))
        # Event time follows all plausible trips, also those that the cleaning sets aside.
        .assign_timestamps_and_watermarks(waits.with_timestamp_assigner(PickupTime()))
        .filter(is_clean)
        .key_by(lambda trip: trip["pu_location_id"], key_type=Types.LONG())
        .window(TumblingEventTimeWindows.of(Time.hours(1)))
        .aggregate(AddTrip(), ZoneHour(), output_type=Types.STRING())
        .sink_to(kafka_sink(args, "nyc_taxi-windows"))
    )
    env.execute("nyc_taxi.zone_windows")


if __name__ == "__main__":
    main()
