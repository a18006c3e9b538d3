"""The tasks for PyFlink's DataStream API with Python functions, as courses write them.

Runs in the environment `flink`, on a cluster within its own Java process: `pyflink_.py JOB`.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from pyflink.common import Configuration, Duration, SimpleStringSchema, Time, Types
from pyflink.common.watermark_strategy import TimestampAssigner, WatermarkStrategy
from pyflink.datastream import DataStream, StreamExecutionEnvironment
from pyflink.datastream.connectors.base import DeliveryGuarantee
from pyflink.datastream.connectors.kafka import (
    KafkaOffsetsInitializer,
    KafkaRecordSerializationSchema,
    KafkaSink,
    KafkaSource,
)
from pyflink.datastream.functions import (
    AggregateFunction,
    KeyedCoProcessFunction,
    MapFunction,
    ProcessWindowFunction,
)
from pyflink.datastream.state import ValueStateDescriptor
from pyflink.datastream.window import EventTimeSessionWindows, TumblingEventTimeWindows


def main() -> None:
    """Run the job: what is there where it is bounded, else until it is ended."""
    job = json.loads(Path(sys.argv[1]).read_text())
    settings = Configuration()
    settings.set_string("python.executable", sys.executable)
    settings.set_string("pipeline.object-reuse", "true")
    if job["exactly_once"]:
        settings.set_string("execution.checkpointing.interval", "1 s")
    env = StreamExecutionEnvironment.get_execution_environment(settings)
    env.set_parallelism(1)
    env.add_jars(*(Path(jar).as_uri() for jar in os.environ["BENCH_JARS"].split(":")))
    value = (
        KafkaRecordSerializationSchema.builder()
        .set_topic(job["output"])
        .set_value_serialization_schema(SimpleStringSchema())
        .build()
    )
    sink = (
        KafkaSink.builder()
        .set_bootstrap_servers(job["bootstrap"])
        .set_record_serializer(value)
        .set_property("linger.ms", "5")
        .set_property("compression.type", "lz4")
        .set_property("transaction.timeout.ms", "600000")
        .set_transactional_id_prefix(job["output"])
    )
    guarantee = DeliveryGuarantee.AT_LEAST_ONCE
    if job["exactly_once"]:
        guarantee = DeliveryGuarantee.EXACTLY_ONCE
    TASKS[job["task"]](env, job).sink_to(sink.set_delivery_guarantee(guarantee).build())
    env.execute(job["output"])


class _Field(TimestampAssigner):
    """The event time is a field in milliseconds."""

    def __init__(self, name: str) -> None:
        self._name = name

    def extract_timestamp(self, value: dict, record_timestamp: int) -> int:
        return value[self._name]


def _input(env, job: dict, kind: str, time_field: str | None = None) -> DataStream:
    source = (
        KafkaSource.builder()
        .set_bootstrap_servers(job["bootstrap"])
        .set_topics(job["inputs"][kind])
        .set_group_id(job["output"])
        .set_starting_offsets(KafkaOffsetsInitializer.earliest())
        .set_value_only_deserializer(SimpleStringSchema())
    )
    if job["bounded"]:
        source = source.set_bounded(KafkaOffsetsInitializer.latest())
    lines = env.from_source(source.build(), WatermarkStrategy.no_watermarks(), kind)
    rows = lines.map(json.loads)
    if time_field is None:
        return rows
    return rows.assign_timestamps_and_watermarks(
        WatermarkStrategy.for_bounded_out_of_orderness(
            Duration.of_seconds(5)
        ).with_timestamp_assigner(_Field(time_field))
    )


def _text(time_ms: int) -> str:
    at = datetime.fromtimestamp(time_ms / 1000, UTC)
    return at.strftime("%Y-%m-%d %H:%M:%S.") + f"{time_ms % 1000:03}"


class _Sums(AggregateFunction):
    """Count, and the sums of two fields."""

    def __init__(self, first: str, second: str) -> None:
        self._first, self._second = first, second

    def create_accumulator(self) -> tuple:
        return 0, 0.0, 0.0

    def add(self, value: dict, sums: tuple) -> tuple:
        return sums[0] + 1, sums[1] + value[self._first], sums[2] + value[self._second]

    def get_result(self, sums: tuple) -> tuple:
        return sums

    def merge(self, a: tuple, b: tuple) -> tuple:
        return tuple(x + y for x, y in zip(a, b, strict=True))


class _ZoneRow(ProcessWindowFunction):
    """A zone's window as JSON."""

    def process(self, key, context, elements):
        for count, fare, distance in elements:
            row = {
                "window_start": _text(context.window().start),
                "pu_location_id": key,
                "rides": count,
                "fare": fare,
                "distance": distance / count,
            }
            yield json.dumps(row)


class _SessionRow(ProcessWindowFunction):
    """A user's session as JSON."""

    def process(self, key, context, elements):
        for count, spent, _ in elements:
            row = {
                "user_id": key,
                "session_start": _text(context.window().start),
                "visits": count,
                "spent": spent,
            }
            yield json.dumps(row)


def t1(env, job: dict) -> DataStream:
    """Windowed."""
    windows = (
        _input(env, job, "rides", "pickup_at")
        .key_by(lambda r: r["pu_location_id"], key_type=Types.INT())
        .window(TumblingEventTimeWindows.of(Time.minutes(1)))
    )
    sums = _Sums("fare_amount", "trip_distance")
    return windows.aggregate(sums, _ZoneRow(), output_type=Types.STRING())


def t2(env, job: dict) -> DataStream:
    """Stateless."""

    def row(r: dict) -> str:
        return json.dumps(
            {
                "ride_id": r["ride_id"],
                "pu_location_id": r["pu_location_id"],
                "do_location_id": r["do_location_id"],
                "trip_distance": r["trip_distance"],
                "paid": r["fare_amount"] + r["tip_amount"],
            }
        )

    kept = _input(env, job, "rides").filter(
        lambda r: r["trip_distance"] > 10 and r["payment_type"] == 1
    )
    return kept.map(row, output_type=Types.STRING())


class _Lookup(MapFunction):
    """Looks up a place in a table that is loaded from a file when the function is opened."""

    def __init__(self, file: str, few: bool) -> None:
        self._file, self._few = file, few
        self._places: dict[int, str] = {}

    def open(self, runtime_context) -> None:
        with Path(self._file).open() as lines:
            for line in lines:
                place, _, name = line.rstrip("\n").partition(",")
                self._places[int(place)] = name

    def map(self, value: dict) -> str:
        place = value["pu_location_id"] if self._few else value["ride_id"] * 7919 % 1_000_000
        row = {
            "ride_id": value["ride_id"],
            "place_id": place,
            "name": self._places[place],
            "total_amount": value["total_amount"],
        }
        return json.dumps(row)


def t3(env, job: dict) -> DataStream:
    """Lookup."""
    lookup = _Lookup(job["places"], job["task"] == "T3")
    return _input(env, job, "rides").map(lookup, output_type=Types.STRING())


def t4(env, job: dict) -> DataStream:
    """Sessions."""
    sessions = (
        _input(env, job, "visits", "visited_at")
        .key_by(lambda r: r["user_id"], key_type=Types.LONG())
        .window(EventTimeSessionWindows.with_gap(Time.minutes(10)))
    )
    sums = _Sums("total_amount", "trip_distance")
    return sessions.aggregate(sums, _SessionRow(), output_type=Types.STRING())


class _Pair(KeyedCoProcessFunction):
    """A payment waits for its ride or the ride for its payments, until their time is over."""

    def open(self, runtime_context) -> None:
        pickle = Types.PICKLED_BYTE_ARRAY()
        self._ride = runtime_context.get_state(ValueStateDescriptor("ride", pickle))
        self._payments = runtime_context.get_state(ValueStateDescriptor("payments", pickle))

    def process_element1(self, value: dict, ctx):
        self._ride.update(value)
        for payment in self._payments.value() or []:
            yield from self._joined(value, payment)
        ctx.timer_service().register_event_time_timer(value["pickup_at"] + 20_000)

    def process_element2(self, value: dict, ctx):
        ride = self._ride.value()
        if ride is not None:
            yield from self._joined(ride, value)
        self._payments.update([*(self._payments.value() or []), value])
        ctx.timer_service().register_event_time_timer(value["paid_at"])

    def on_timer(self, timestamp: int, ctx):
        ride = self._ride.value()
        if ride is not None and ride["pickup_at"] + 20_000 <= timestamp:
            self._ride.clear()
        kept = [p for p in self._payments.value() or [] if p["paid_at"] > timestamp]
        if kept:
            self._payments.update(kept)
        else:
            self._payments.clear()
        yield from ()

    @staticmethod
    def _joined(ride: dict, payment: dict):
        if 0 <= payment["paid_at"] - ride["pickup_at"] <= 20_000:
            row = {
                "payment_id": payment["payment_id"],
                "ride_id": ride["ride_id"],
                "do_location_id": ride["do_location_id"],
                "amount": payment["amount"],
            }
            yield json.dumps(row)


def t5(env, job: dict) -> DataStream:
    """Interval join, by hand: the Python API has none."""

    def key(r: dict) -> int:
        return r["ride_id"]

    rides = _input(env, job, "rides", "pickup_at").key_by(key, key_type=Types.LONG())
    payments = _input(env, job, "payments", "paid_at").key_by(key, key_type=Types.LONG())
    return rides.connect(payments).process(_Pair(), output_type=Types.STRING())


TASKS = {"T1": t1, "T2": t2, "T3": t3, "T3M": t3, "T4": t4, "T5": t5}

if __name__ == "__main__":
    main()
