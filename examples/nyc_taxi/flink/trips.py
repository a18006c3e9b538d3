"""What both programs do with a change of a trip: read it, judge it, clean it.

The same rules as the views of `pipelines/nyc_taxi.sql`. Flink ships this file beside the program.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
from decimal import Decimal
from typing import Any

from pyflink.common import SimpleStringSchema
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.datastream.connectors.base import DeliveryGuarantee
from pyflink.datastream.connectors.kafka import (
    KafkaOffsetsInitializer,
    KafkaRecordSerializationSchema,
    KafkaSink,
    KafkaSource,
)

SOURCE_TOPIC = "nyc_taxi.public.nyc_taxi"
PAYMENTS = {1: "card", 2: "cash"}
UTC = datetime.UTC


def arguments(description: str, sink_topic: str) -> argparse.Namespace:
    """The command line of a program."""
    parser = argparse.ArgumentParser(description=description)
    bootstrap = os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "localhost:9092")
    parser.add_argument("--bootstrap-servers", default=bootstrap)
    parser.add_argument("--source-topic", default=SOURCE_TOPIC)
    parser.add_argument("--sink-topic", default=sink_topic)
    parser.add_argument("--trips-from", default="2026-06-01 00:00:00")
    parser.add_argument("--trips-to", default="2027-06-01 00:00:00")
    parser.add_argument(
        "--bounded", action="store_true", help="end where the topic ends now, and close all windows"
    )
    return parser.parse_args()


def environment() -> StreamExecutionEnvironment:
    """Checkpoints every second: with them, and with transactions, nothing is written twice."""
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_parallelism(1)
    env.enable_checkpointing(1000)
    return env


def kafka_source(args: argparse.Namespace, group: str) -> KafkaSource:
    """The topic that Debezium writes, from its begin."""
    builder = (
        KafkaSource.builder()
        .set_bootstrap_servers(args.bootstrap_servers)
        .set_topics(args.source_topic)
        .set_group_id(group)
        .set_property("isolation.level", "read_committed")
        .set_starting_offsets(KafkaOffsetsInitializer.earliest())
        .set_value_only_deserializer(SimpleStringSchema())
    )
    if args.bounded:
        builder = builder.set_bounded(KafkaOffsetsInitializer.latest())
    return builder.build()


def kafka_sink(args: argparse.Namespace, prefix: str) -> KafkaSink:
    """A topic of JSON texts, in transactions that commit with the checkpoints."""
    serializer = (
        KafkaRecordSerializationSchema.builder()
        .set_topic(args.sink_topic)
        .set_value_serialization_schema(SimpleStringSchema())
        .build()
    )
    return (
        KafkaSink.builder()
        .set_bootstrap_servers(args.bootstrap_servers)
        .set_record_serializer(serializer)
        .set_delivery_guarantee(DeliveryGuarantee.EXACTLY_ONCE)
        .set_transactional_id_prefix(prefix)
        .set_property("transaction.timeout.ms", "900000")
        .build()
    )


def read_trip(message: str) -> dict[str, Any] | None:
    """The trip after a change; None where there is none any more."""
    return json.loads(message).get("after")


def epoch_ms(text: str) -> int:
    """A time in UTC as milliseconds since 1970."""
    moment = datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def timestamp(epoch: int) -> str:
    """Milliseconds since 1970 as Flink's json format writes a TIMESTAMP(3)."""
    moment = datetime.datetime.fromtimestamp(epoch / 1000, UTC)
    fraction = f"{epoch % 1000:03d}".rstrip("0")
    return moment.strftime("%Y-%m-%d %H:%M:%S") + ("." + fraction if fraction else "")


def is_plausible(trip: dict[str, Any], first: int, end: int) -> bool:
    """Whether event time may follow this trip: picked up in time, and over after it began."""
    pickup, dropoff = trip["tpep_pickup_datetime"], trip["tpep_dropoff_datetime"]
    if pickup is None or dropoff is None:
        return False
    return first <= pickup < end and dropoff >= pickup


def is_clean(trip: dict[str, Any]) -> bool:
    """Whether a plausible trip is one to count: no refund, and it went somewhere."""
    total, distance, zone = trip["total_amount"], trip["trip_distance"], trip["pu_location_id"]
    if total is None or distance is None or zone is None:
        return False
    return Decimal(total) > 0 and 0 < distance < 200 and 1 <= zone <= 265


def clean(trip: dict[str, Any]) -> dict[str, Any]:
    """The fields that are wanted, under their names, in their form."""
    passengers = trip["passenger_count"]
    return {
        "id": trip["id"],
        "pickup_time": timestamp(trip["tpep_pickup_datetime"]),
        "dropoff_time": timestamp(trip["tpep_dropoff_datetime"]),
        "pu_location_id": trip["pu_location_id"],
        "do_location_id": trip["do_location_id"],
        "passengers": 1 if passengers is None else passengers,
        "trip_distance": trip["trip_distance"],
        "fare_amount": money(trip["fare_amount"]),
        "tip_amount": money(trip["tip_amount"]),
        "total_amount": money(trip["total_amount"]),
        "payment": PAYMENTS.get(trip["payment_type"], "other"),
    }


def money(amount: str | Decimal | None) -> float | None:
    """An amount as a number of JSON; two decimals come through a float unharmed."""
    return None if amount is None else float(amount)
