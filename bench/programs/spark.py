"""The tasks for Spark Structured Streaming; runs in the environment `spark`: `spark.py JOB`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pyspark.java_gateway
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

RIDE = (
    "ride_id BIGINT, pickup_at BIGINT, trip_distance DOUBLE, pu_location_id INT, "
    "do_location_id INT, payment_type INT, fare_amount DOUBLE, tip_amount DOUBLE, "
    "total_amount DOUBLE"
)
SCHEMAS = {
    "rides": RIDE,
    "visits": RIDE + ", user_id BIGINT, visited_at BIGINT",
    "payments": "payment_id BIGINT, ride_id BIGINT, paid_at BIGINT, amount DOUBLE",
    "changes": "before STRUCT<customer_id: BIGINT, amount: BIGINT>, "
    "after STRUCT<customer_id: BIGINT, amount: BIGINT>",
}
TEXT = "yyyy-MM-dd HH:mm:ss.SSS"


def main() -> None:
    """Run the job: what is there where it is bounded, else until it is ended."""
    job = json.loads(Path(sys.argv[1]).read_text())
    _start_java()
    spark = SparkSession.builder.appName(job["output"]).getOrCreate()
    rows, mode = TASKS[job["task"]](spark, job)
    key = ["CAST(customer_id AS STRING) AS key"] if job["task"] == "T6" else []
    writer = (
        rows.selectExpr(*key, "to_json(struct(*)) AS value")
        .writeStream.format("kafka")
        .option("kafka.bootstrap.servers", job["bootstrap"])
        .option("kafka.linger.ms", "5")
        .option("kafka.compression.type", "lz4")
        .option("topic", job["output"])
        .option("checkpointLocation", str(Path(job["folder"]) / "checkpoint"))
        .outputMode(mode)
    )
    if job["bounded"]:
        writer = writer.trigger(availableNow=True)
    writer.start().awaitTermination()


def _start_java() -> None:
    """Start Spark's Java side by the command in `TIDEMILL_SPARK_JAVA`.

    Spark's own script asks for a module that the Java of this measurement has not.
    """
    java = json.loads(os.environ["TIDEMILL_SPARK_JAVA"])
    popen = pyspark.java_gateway.Popen

    def start(command: list[str], **named):
        return popen([*java, "org.apache.spark.deploy.SparkSubmit", *command[1:]], **named)

    pyspark.java_gateway.Popen = start


def _input(spark: SparkSession, job: dict, kind: str) -> DataFrame:
    read = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", job["bootstrap"])
        .option("subscribe", job["inputs"][kind])
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", 1_000_000)
        .load()
    )
    return read.select(f.from_json(f.col("value").cast("string"), SCHEMAS[kind]).alias("r")).select(
        "r.*"
    )


def _timed(frame: DataFrame, field: str) -> DataFrame:
    return frame.withColumn("at", f.timestamp_millis(field)).withWatermark("at", "5 seconds")


def t1(spark: SparkSession, job: dict) -> tuple[DataFrame, str]:
    """Windowed."""
    rides = _timed(_input(spark, job, "rides"), "pickup_at")
    windows = rides.groupBy(f.window("at", "1 minute"), "pu_location_id").agg(
        f.count("*").alias("rides"),
        f.sum("fare_amount").alias("fare"),
        f.avg("trip_distance").alias("distance"),
    )
    start = f.date_format("window.start", TEXT).alias("window_start")
    return windows.select(start, "pu_location_id", "rides", "fare", "distance"), "append"


def t2(spark: SparkSession, job: dict) -> tuple[DataFrame, str]:
    """Stateless."""
    kept = _input(spark, job, "rides").where("trip_distance > 10 AND payment_type = 1")
    return kept.selectExpr(
        "ride_id", "pu_location_id", "do_location_id", "trip_distance",
        "fare_amount + tip_amount AS paid",
    ), "append"  # fmt: skip


def t3(spark: SparkSession, job: dict) -> tuple[DataFrame, str]:
    """Lookup: a join with a static table, which is sent to the workers once a batch."""
    places = spark.read.csv(job["places"], schema="place_id BIGINT, name STRING").cache()
    key = "pu_location_id" if job["task"] == "T3" else "ride_id * 7919 % 1000000"
    rides = _input(spark, job, "rides").selectExpr(
        "ride_id", f"CAST({key} AS BIGINT) AS place_id", "total_amount"
    )
    return rides.join(f.broadcast(places), "place_id"), "append"


def t4(spark: SparkSession, job: dict) -> tuple[DataFrame, str]:
    """Sessions."""
    visits = _timed(_input(spark, job, "visits"), "visited_at")
    sessions = visits.groupBy(f.session_window("at", "10 minutes"), "user_id").agg(
        f.count("*").alias("visits"), f.sum("total_amount").alias("spent")
    )
    start = f.date_format("session_window.start", TEXT).alias("session_start")
    return sessions.select("user_id", start, "visits", "spent"), "append"


def t5(spark: SparkSession, job: dict) -> tuple[DataFrame, str]:
    """Interval join."""
    rides = _timed(_input(spark, job, "rides"), "pickup_at").alias("r")
    payments = _timed(_input(spark, job, "payments"), "paid_at").alias("p")
    joined = payments.join(
        rides,
        f.expr("p.ride_id = r.ride_id AND p.at >= r.at AND p.at <= r.at + INTERVAL 20 SECONDS"),
    )
    return joined.select("p.payment_id", "r.ride_id", "r.do_location_id", "p.amount"), "append"


def t6(spark: SparkSession, job: dict) -> tuple[DataFrame, str]:
    """Changes: what a row was is taken away, what it is is added, for each customer."""
    images = _input(spark, job, "changes").select(
        f.explode(
            f.array(
                f.struct(f.lit(-1).alias("sign"), f.col("before").alias("row")),
                f.struct(f.lit(1).alias("sign"), f.col("after").alias("row")),
            )
        ).alias("image")
    )
    sums = (
        images.where("image.row IS NOT NULL")
        .selectExpr(
            "image.row.customer_id", "image.sign", "image.sign * image.row.amount AS change"
        )
        .groupBy("customer_id")
        .agg(f.sum("sign").alias("orders"), f.sum("change").alias("amount"))
    )
    return sums, "update"


TASKS = {"T1": t1, "T2": t2, "T3": t3, "T3M": t3, "T4": t4, "T5": t5, "T6": t6}

if __name__ == "__main__":
    main()
