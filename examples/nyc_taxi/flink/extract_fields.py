"""Field extraction with PyFlink's DataStream API: changes of trips to cleaned trips.

Reads the topic that Debezium writes and writes `nyc_taxi.sink.datastream`, as the first INSERT of
`pipelines/nyc_taxi.sql` does. One difference: a DataStream sink with one schema for the value has
no keys and no tombstones, so a trip that is deleted in Postgres stays in the topic.

    tidemill flink run flink/extract_fields.py
"""

from __future__ import annotations

import json

from pyflink.common import Types, WatermarkStrategy
from trips import (
    arguments,
    clean,
    environment,
    epoch_ms,
    is_clean,
    is_plausible,
    kafka_sink,
    kafka_source,
    read_trip,
)


def main() -> None:
    """Build the job and run it."""
    args = arguments("Clean the taxi trips.", "nyc_taxi.sink.datastream")
    first, end = epoch_ms(args.trips_from), epoch_ms(args.trips_to)
    env = environment()
    changes = env.from_source(
        kafka_source(args, "nyc_taxi-extract"), WatermarkStrategy.no_watermarks(), "changes"
    )
    (
        changes.map(read_trip)
        .filter(lambda trip: trip is not None and is_plausible(trip, first, end))
        .filter(is_clean)
        .map(lambda trip: json.dumps(clean(trip)), output_type=Types.STRING())
        .sink_to(kafka_sink(args, "nyc_taxi-extract"))
    )
    env.execute("nyc_taxi.extract_fields")


if __name__ == "__main__":
    main()
