# ruff: noqa: DTZ001 - TLC files hold wall-clock times without a zone
"""TLC's files, yellow and green, Parquet and CSV; and files that are not."""

from datetime import datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from tidemill.control.demo.nyc_taxi.columns import NAMES, SCHEMA
from tidemill.control.demo.nyc_taxi.generate import generate_trips
from tidemill.control.demo.nyc_taxi.tlc_file import month_of, read_trips, trips_of
from tidemill.errors import UserError

T0 = datetime(2022, 3, 31, 23, 50)
GREEN = {
    "VendorID": pa.array([2, 1], pa.int64()),
    "lpep_pickup_datetime": pa.array([T0, datetime(2022, 2, 7, 14)], pa.timestamp("us")),
    "lpep_dropoff_datetime": pa.array([T0, datetime(2022, 2, 7, 15)], pa.timestamp("us")),
    "store_and_fwd_flag": pa.array(["N", None]),
    "RatecodeID": pa.array([1.0, None]),
    "PULocationID": pa.array([74, 75], pa.int64()),
    "DOLocationID": pa.array([1, 2], pa.int64()),
    "passenger_count": pa.array([1.0, float("nan")]),
    "trip_distance": pa.array([210531.77, 0.0]),
    "fare_amount": pa.array([0.1 + 0.2, -115.0]),
    "extra": pa.array([0.5, 0.5]),
    "mta_tax": pa.array([0.5, 0.5]),
    "tip_amount": pa.array([0.0, 0.0]),
    "tolls_amount": pa.array([0.0, 0.0]),
    "ehail_fee": pa.nulls(2),
    "improvement_surcharge": pa.array([0.3, 0.3]),
    "total_amount": pa.array([14.8, -115.3]),
    "payment_type": pa.array([1.0, None]),
    "trip_type": pa.array([1.0, 2.0]),
    "congestion_surcharge": pa.array([2.75, None]),
}


def refused(path):
    with pytest.raises(UserError) as caught:
        read_trips(path)
    assert caught.value.hint
    return caught.value


def test_green_month(tmp_path):
    path = tmp_path / "green_tripdata_2022-03.parquet"
    pq.write_table(pa.table(GREEN), path)
    trips = read_trips(path)
    assert trips.schema == SCHEMA
    first, second = trips.to_pylist()
    # Ordered by drop-off; money is exact to the cent; what the file lacks is NULL.
    assert first["fare_amount"] == Decimal("-115.00")
    assert (first["passenger_count"], first["ratecode_id"], first["airport_fee"]) == (None,) * 3
    assert second["fare_amount"] == Decimal("0.30")
    assert second["trip_distance"] == 210531.77


def test_yellow_csv(tmp_path):
    path = tmp_path / "yellow.CSV"
    pyarrow.csv.write_csv(generate_trips(50), path)
    trips = read_trips(path)
    assert trips.num_rows == 50
    assert trips.equals(trips_of(generate_trips(50), "generated"))


@pytest.mark.parametrize("unit", ["s", "ms", "ns"])
def test_other_clocks_and_case(tmp_path, unit):
    table = generate_trips(20)
    for name in ("tpep_pickup_datetime", "tpep_dropoff_datetime"):
        index = table.column_names.index(name)
        table = table.set_column(index, name.upper(), table[name].cast(pa.timestamp(unit)))
    assert trips_of(table, "x").equals(trips_of(generate_trips(20), "x"))


def test_cut_off_parquet(tmp_path):
    whole, cut = tmp_path / "whole.parquet", tmp_path / "cut.parquet"
    pq.write_table(generate_trips(1000), whole)
    for share in (0.9, 0.5, 0.0):
        content = whole.read_bytes()
        cut.write_bytes(content[: int(len(content) * share)])
        error = refused(cut)
        assert error.code == "demo.input-unreadable"
        assert "cut off" in error.hint


def test_damaged_pages_of_parquet(tmp_path):
    path = tmp_path / "damaged.parquet"
    pq.write_table(generate_trips(1000), path)
    content = bytearray(path.read_bytes())
    content[4:2000] = b"\0" * 1996
    path.write_bytes(content)
    assert refused(path).code == "demo.input-unreadable"


def test_other_columns(tmp_path):
    path = tmp_path / "fhv_tripdata_2022-03.parquet"
    pq.write_table(pa.table({"dispatching_base_num": ["B1"], "PUlocationID": [1.0]}), path)
    error = refused(path)
    assert error.code == "demo.input-columns"
    assert "tpep_pickup_datetime" in error.message
    assert "dispatching_base_num" in error.detail


def test_values_that_do_not_fit(tmp_path):
    path = tmp_path / "odd.csv"
    table = generate_trips(3)
    index = table.column_names.index("PULocationID")
    pyarrow.csv.write_csv(table.set_column(index, "PULocationID", pa.array(["a", "b", "c"])), path)
    error = refused(path)
    assert error.code == "demo.input-values"
    assert "pulocationid" in error.message


def test_missing_file_other_format_no_rows(tmp_path):
    assert refused(tmp_path / "nowhere.parquet").code == "demo.input-missing"
    text = tmp_path / "trips.txt"
    text.write_text("hello")
    assert refused(text).code == "demo.input-format"
    empty = tmp_path / "empty.parquet"
    pq.write_table(generate_trips(5).slice(0, 0), empty)
    assert refused(empty).code == "demo.input-empty"


def test_month_is_the_one_of_most_trips():
    times = [datetime(2021, 12, 31), datetime(2021, 12, 1), datetime(2098, 1, 1)]
    rows = pa.table({n: pa.nulls(3, SCHEMA.field(n).type) for n in NAMES}, schema=SCHEMA)
    rows = rows.set_column(1, NAMES[1], pa.array(times, pa.timestamp("us")))
    assert month_of(rows) == (datetime(2021, 12, 1), datetime(2022, 1, 1))
