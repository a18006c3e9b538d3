"""The columns of the trips table, and how TLC's files call them.

TLC has changed case and names over the years; matching ignores case, and green files say `lpep_`
where yellow ones say `tpep_`.
"""

from __future__ import annotations

import pyarrow as pa

from tidemill.records import dataclass

MONEY = pa.decimal128(12, 2)
TIME = pa.timestamp("us")


@dataclass(frozen=True, slots=True)
class TripColumn:
    """One column: its name in Postgres, its name in TLC's files (lower case), its type."""

    name: str
    tlc: str
    type: pa.DataType
    required: bool = False


COLUMNS: tuple[TripColumn, ...] = (
    TripColumn("vendor_id", "vendorid", pa.int64()),
    TripColumn("tpep_pickup_datetime", "tpep_pickup_datetime", TIME, required=True),
    TripColumn("tpep_dropoff_datetime", "tpep_dropoff_datetime", TIME, required=True),
    TripColumn("passenger_count", "passenger_count", pa.int64()),
    TripColumn("trip_distance", "trip_distance", pa.float64(), required=True),
    TripColumn("ratecode_id", "ratecodeid", pa.int64()),
    TripColumn("store_and_fwd_flag", "store_and_fwd_flag", pa.string()),
    TripColumn("pu_location_id", "pulocationid", pa.int64(), required=True),
    TripColumn("do_location_id", "dolocationid", pa.int64()),
    TripColumn("payment_type", "payment_type", pa.int64()),
    TripColumn("fare_amount", "fare_amount", MONEY, required=True),
    TripColumn("extra", "extra", MONEY),
    TripColumn("mta_tax", "mta_tax", MONEY),
    TripColumn("tip_amount", "tip_amount", MONEY),
    TripColumn("tolls_amount", "tolls_amount", MONEY),
    TripColumn("improvement_surcharge", "improvement_surcharge", MONEY),
    TripColumn("total_amount", "total_amount", MONEY, required=True),
    TripColumn("congestion_surcharge", "congestion_surcharge", MONEY),
    TripColumn("airport_fee", "airport_fee", MONEY),
    TripColumn("cbd_congestion_fee", "cbd_congestion_fee", MONEY),
)

NAMES: tuple[str, ...] = tuple(column.name for column in COLUMNS)

SCHEMA = pa.schema([pa.field(column.name, column.type) for column in COLUMNS])
"""The Arrow schema of rows that are ready for the table."""
