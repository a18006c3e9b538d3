# ruff: noqa: DTZ001 - TLC files hold wall-clock times without a zone
"""The generated trips: the same every time, in TLC's schema, with the dirt of real months."""

from datetime import datetime

import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.control.demo.nyc_taxi.generate import STARTS_AT, ZONES, generate_trips, span
from tidemill.control.demo.nyc_taxi.tlc_file import month_of, trips_of

ROWS = 50_000


@pytest.fixture(scope="module")
def trips():
    return generate_trips(ROWS)


def test_same_seed_gives_the_same_rows(trips):
    assert generate_trips(ROWS).equals(trips)


def test_another_seed_and_another_start_give_others():
    one = generate_trips(1000)
    assert not generate_trips(1000, seed=1).equals(one)
    assert not generate_trips(1000, starts_at=STARTS_AT + span(1000)).equals(one)


def test_columns_are_those_of_tlc_yellow_files(trips):
    assert trips.column_names == [
        "VendorID",
        "tpep_pickup_datetime",
        "tpep_dropoff_datetime",
        "passenger_count",
        "trip_distance",
        "RatecodeID",
        "store_and_fwd_flag",
        "PULocationID",
        "DOLocationID",
        "payment_type",
        "fare_amount",
        "extra",
        "mta_tax",
        "tip_amount",
        "tolls_amount",
        "improvement_surcharge",
        "total_amount",
        "congestion_surcharge",
        "Airport_fee",
        "cbd_congestion_fee",
    ]


def test_every_kind_of_dirt_is_there_and_most_rows_are_clean(trips):
    pickup, dropoff = trips["tpep_pickup_datetime"], trips["tpep_dropoff_datetime"]
    inside = pc.and_(pc.greater_equal(pickup, STARTS_AT), pc.less(pickup, STARTS_AT + span(ROWS)))
    shares = {
        "negative fare": pc.less(trips["fare_amount"], 0),
        "zero distance": pc.equal(trips["trip_distance"], 0),
        "no passenger count": pc.is_null(trips["passenger_count"]),
        "drop-off before pick-up": pc.less(dropoff, pickup),
        "years off": pc.invert(inside),
        "impossible distance": pc.greater(trips["trip_distance"], 10_000),
    }
    for kind, mask in shares.items():
        share = pc.sum(mask).as_py() / ROWS
        assert 0 < share < 0.06, kind
    assert pc.mean(trips["fare_amount"]).as_py() == pytest.approx(18, abs=4)


def test_all_zones_occur_and_some_are_far_busier(trips):
    counts = sorted(c["counts"] for c in pc.value_counts(trips["PULocationID"]).to_pylist())
    assert len(counts) == ZONES
    assert counts[-1] > 50 * counts[0]


def test_evenings_are_busier_than_nights(trips):
    hours = pc.hour(trips["tpep_pickup_datetime"])
    count = {hour: pc.sum(pc.equal(hours, hour)).as_py() for hour in (3, 18)}
    assert count[18] > 5 * count[3]


def test_parts_meet_without_gap_or_overlap():
    one = generate_trips(5000)
    two = generate_trips(5000, starts_at=STARTS_AT + span(5000))

    def times(table):
        times = table["tpep_pickup_datetime"]
        return times.filter(pc.equal(pc.year(times), 2026))

    assert pc.max(times(one)).as_py() < STARTS_AT + span(5000) <= pc.min(times(two)).as_py()


@given(st.integers(1, 300), st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_any_number_of_rows_can_be_loaded(rows, seed):
    table = trips_of(generate_trips(rows, seed=seed), "generated")
    assert table.num_rows == rows
    dropoffs = table["tpep_dropoff_datetime"]
    assert pc.all(pc.greater_equal(dropoffs[1:], dropoffs[:-1])).as_py() in (True, None)


def test_month_of_generated_trips(trips):
    rows = trips_of(trips, "generated")
    assert month_of(rows) == (datetime(2026, 6, 1), datetime(2026, 7, 1))
