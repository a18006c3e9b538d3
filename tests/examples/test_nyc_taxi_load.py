"""Loading: exactly once, in order, over any interruption."""

import threading
import time
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest

from tidemill.control.demo.nyc_taxi.columns import NAMES, SCHEMA
from tidemill.control.demo.nyc_taxi.generate import STARTS_AT, generate_trips, span
from tidemill.control.demo.nyc_taxi.load import Loader
from tidemill.control.demo.nyc_taxi.parts import plan_file, plan_generated, trips_of_part
from tidemill.control.demo.nyc_taxi.tlc_file import read_trips
from tidemill.errors import UserError

pytestmark = pytest.mark.servers


def load(endpoint, part, trips, *, rate=None, stop_after_s=None):
    loader = Loader(endpoint, part, trips, rate=rate)
    loader.start()
    loader.wait(stop_after_s or 60)
    loader.stop()
    assert loader.error is None
    return loader


def rows_in_table(connection):
    with connection.transaction():
        columns = ", ".join(NAMES)
        return connection.execute(f"SELECT {columns} FROM nyc_taxi ORDER BY id").fetchall()


def test_rows_arrive_as_they_are(taxi_database, taxi_connection, tmp_path):
    part = plan_generated(taxi_connection, 2000, 7)
    trips = trips_of_part(part, 7, tmp_path)
    loader = load(taxi_database, part, trips)
    assert loader.complete
    expected = [tuple(row[name] for name in NAMES) for row in trips.to_pylist()]
    assert rows_in_table(taxi_connection) == expected


def test_interrupted_again_and_again(taxi_database, taxi_connection, tmp_path):
    part = plan_generated(taxi_connection, 3000, 7)
    trips = trips_of_part(part, 7, tmp_path)
    attempts = 0
    while not load(taxi_database, part, trips, rate=6000, stop_after_s=0.05).complete:
        part = plan_generated(taxi_connection, 999, 7)
        assert part.number == 1
        assert part.rows_total == 3000
        trips = trips_of_part(part, 7, tmp_path)
        attempts += 1
    assert attempts > 2
    expected = [tuple(row[name] for name in NAMES) for row in trips.to_pylist()]
    assert rows_in_table(taxi_connection) == expected


def test_connection_lost_in_the_middle(taxi_database, taxi_connection, tmp_path):
    part = plan_generated(taxi_connection, 4000, 7)
    trips = trips_of_part(part, 7, tmp_path)
    ended = threading.Event()

    def cut_connections():
        with psycopg.connect(taxi_connection.info.dsn, password=_password(taxi_database)) as admin:
            while not ended.wait(0.08):
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
                    " current_database() AND pid <> pg_backend_pid() AND query LIKE 'COPY%%'"
                    " OR query LIKE 'UPDATE%%'"
                )
                admin.commit()

    cutter = threading.Thread(target=cut_connections)
    cutter.start()
    try:
        load(taxi_database, part, trips, rate=4000)
    finally:
        ended.set()
        cutter.join()
    expected = [tuple(row[name] for name in NAMES) for row in trips.to_pylist()]
    assert rows_in_table(taxi_connection) == expected


def _password(endpoint):
    return endpoint.secrets.get("password")


def test_next_part_goes_on_in_time(taxi_database, taxi_connection, tmp_path):
    first = plan_generated(taxi_connection, 500, 7)
    load(taxi_database, first, trips_of_part(first, 7, tmp_path))
    assert plan_generated(taxi_connection, 500, 7, new=False) is None
    second = plan_generated(taxi_connection, 300, 7)
    assert (second.number, second.rows_total) == (2, 300)
    assert second.starts_at == STARTS_AT + span(500)
    # An unfinished part is finished first, whatever is asked for now.
    assert plan_generated(taxi_connection, 9, 7, new=False) == second


def test_file_is_loaded_once(taxi_database, taxi_connection, tmp_path):
    path = tmp_path / "trips.parquet"
    pq.write_table(generate_trips(400), path)
    trips = read_trips(path)
    load(taxi_database, plan_file(taxi_connection, path, trips.num_rows), trips)
    again = plan_file(taxi_connection, path, trips.num_rows)
    assert again.rows_loaded == 400
    assert load(taxi_database, again, trips).complete
    assert len(rows_in_table(taxi_connection)) == 400


def test_another_file_is_refused(taxi_connection, tmp_path):
    path = tmp_path / "trips.parquet"
    pq.write_table(generate_trips(10), path)
    plan_file(taxi_connection, path, 10)
    pq.write_table(generate_trips(11), path)
    with pytest.raises(UserError) as caught:
        plan_file(taxi_connection, path, 11)
    assert caught.value.code == "demo.other-input"
    assert "--fresh" in caught.value.hint


def test_rate_is_kept(taxi_database, taxi_connection, tmp_path):
    part = plan_generated(taxi_connection, 1000, 7)
    begun = time.monotonic()
    load(taxi_database, part, trips_of_part(part, 7, tmp_path), rate=1000)
    assert 0.85 < time.monotonic() - begun < 3


def test_error_of_the_table_is_told(taxi_database, taxi_connection, tmp_path):
    part = plan_generated(taxi_connection, 10, 7)
    taxi_connection.execute("ALTER TABLE nyc_taxi DROP COLUMN extra")
    taxi_connection.commit()
    loader = Loader(taxi_database, part, trips_of_part(part, 7, tmp_path), rate=None)
    loader.start()
    loader.wait(60)
    assert loader.error is not None
    assert loader.error.code == "demo.load-failed"
    assert "extra" in loader.error.detail


def test_half_written_file_is_not_read(taxi_connection, tmp_path):
    part = plan_generated(taxi_connection, 50, 7)
    whole = trips_of_part(part, 7, tmp_path)
    (file,) = Path(tmp_path).iterdir()
    file.rename(file.with_name(file.name + ".half"))
    assert trips_of_part(part, 7, tmp_path).equals(whole)
    assert whole.schema == SCHEMA
