"""The verification finds what it must find: each kind of loss, doubling and wrong value."""

import msgspec
import pytest

from tidemill.control.demo.nyc_taxi.load import Loader
from tidemill.control.demo.nyc_taxi.parts import plan_generated, trips_of_part
from tidemill.control.demo.nyc_taxi.verify import Counted, Outputs, verify
from tidemill.errors import VerificationError

pytestmark = pytest.mark.servers

VARIABLES = {"trips_from": "2026-06-01 00:00:00", "trips_to": "2027-06-01 00:00:00"}
COUNTS = ("rows_in", "clean_out", "windows_out", "late", "dead_letters")
WINDOW = ("window_start", "window_end", "zone_id", "trips", "passengers", "revenue", "avg_distance")


class Run:
    """A table with rows, and the outputs as a right pipeline would have written them."""

    def __init__(self, endpoint, connection, script, folder, rows=4000):
        self.connection, self.script = connection, script
        part = plan_generated(connection, rows, 7)
        loader = Loader(endpoint, part, trips_of_part(part, 7, folder), rate=None)
        loader.start()
        loader.wait(60)
        self.write_outputs()

    def write_outputs(self):
        import psycopg

        cursor = psycopg.ClientCursor(self.connection)
        cursor.execute(self.script.read_bytes(), VARIABLES)
        run = self.connection.execute
        run("TRUNCATE zone_window")
        run("INSERT INTO zone_window SELECT * FROM expected_window")
        self.clean = [
            msgspec.json.encode({"id": i, "total_amount": float(total)})
            for i, total in run("SELECT id, total_amount FROM row_fate WHERE fate <> 'filtered'")
        ]
        self.windows = [
            msgspec.json.encode(dict(zip(WINDOW, _plain(row), strict=True)))
            for row in run("SELECT * FROM expected_window ORDER BY 1, 3").fetchall()
        ]
        fates = dict(run("SELECT fate, count(*) FROM row_fate GROUP BY 1").fetchall())
        self.counted = Counted(
            rows_in=sum(fates.values()),
            clean_out=len(self.clean),
            windows_out=len(self.windows),
            late=fates.get("late", 0),
            dead_letters=0,
        )
        run("DROP TABLE row_fate, expected_window")
        self.connection.commit()

    def verify(self):
        outputs = Outputs(self.clean, self.windows)
        return verify(self.connection, self.script, VARIABLES, outputs, self.counted)


def _plain(row):
    return (str(row[0]), str(row[1]), *row[2:5], float(row[5]), row[6])


@pytest.fixture
def run(taxi_database, taxi_connection, example, tmp_path):
    return Run(taxi_database, taxi_connection, example / "sql" / "verify.sql", tmp_path)


def assert_refused(run, code, *texts):
    verification = run.verify()
    assert not verification.ok
    with pytest.raises(VerificationError) as caught:
        verification.raise_if_different()
    assert caught.value.code == code
    assert caught.value.exit_code == 1
    for text in texts:
        assert text in caught.value.detail


def test_a_right_run_agrees_and_adds_up(run):
    found = run.verify()
    found.raise_if_different()
    assert found.inserted == 4000
    assert found.windows == len(run.windows) > 100
    parts = (found.filtered, found.late, found.in_closed_windows, found.in_open_windows)
    assert sum(parts) == 4000
    assert all(part > 0 for part in (found.filtered, found.in_closed_windows, found.late))


@pytest.mark.parametrize(
    "change",
    [
        "trips = trips + 1",
        "passengers = passengers - 1",
        "revenue = revenue + 0.01",
        "avg_distance = avg_distance * (1 + 1e-6)",
        "window_end = window_end + interval '1 second'",
    ],
)
def test_tampered_window(run, change):
    run.connection.execute(
        f"UPDATE zone_window SET {change} WHERE ctid = (SELECT min(ctid) FROM zone_window)"
    )
    assert_refused(run, "demo.windows-differ", "Postgres zone_window: 1 windows differ")


def test_average_is_compared_as_a_float(run):
    run.connection.execute("UPDATE zone_window SET avg_distance = avg_distance * (1 + 1e-12)")
    assert run.verify().ok


def test_missing_window(run):
    run.connection.execute("DELETE FROM zone_window WHERE zone_id = 132 AND trips > 0")
    assert_refused(run, "demo.windows-differ", "zone 132", "is missing")


def test_window_too_many(run):
    run.connection.execute(
        "INSERT INTO zone_window VALUES ('2026-06-30', '2026-06-30 01:00', 1, 1, 1, 1, 1)"
    )
    assert_refused(run, "demo.windows-differ", "should not be")


def test_window_twice_in_the_topic(run):
    run.windows.append(run.windows[3])
    assert_refused(run, "demo.windows-differ", "nyc_taxi.sink_window.datastream", "2 times")


def test_window_lost_from_the_topic(run):
    del run.windows[3]
    assert_refused(run, "demo.windows-differ", "nyc_taxi.sink_window.datastream: 1", "missing")


def test_row_lost_from_the_clean_topic(run):
    run.clean.pop()
    assert_refused(run, "demo.rows-missing", "is there 0 times")


def test_row_twice_in_the_clean_topic(run):
    run.clean.append(run.clean[0])
    assert_refused(run, "demo.rows-missing", "is there 2 times")


def test_row_of_another_amount(run):
    first = msgspec.json.decode(run.clean[0])
    run.clean[0] = msgspec.json.encode({**first, "total_amount": first["total_amount"] + 1})
    assert_refused(run, "demo.rows-missing", "total_amount")


def test_dirty_row_in_the_clean_topic(run):
    run.clean.append(msgspec.json.encode({"id": 999_999, "total_amount": 1}))
    assert_refused(run, "demo.rows-missing", "row 999999 is there and should not be")


@pytest.mark.parametrize("field", COUNTS)
def test_engine_counts_otherwise(run, field):
    run.counted = Counted(**{name: getattr(run.counted, name) + (name == field) for name in COUNTS})
    assert_refused(run, "demo.rows-missing", "the engine counted")


def test_message_of_another_shape(run):
    run.clean.append(b'{"before": null, "after": {"id": 1}}')
    with pytest.raises(VerificationError) as caught:
        run.verify()
    assert "nyc_taxi.sink.datastream" in caught.value.message
    assert "before" in caught.value.detail


def test_row_deleted_from_the_table(run):
    run.connection.execute(
        "DELETE FROM nyc_taxi WHERE id = (SELECT min(id) FROM nyc_taxi WHERE total_amount > 0)"
    )
    assert not run.verify().ok


def test_nothing_is_left_behind(run):
    run.verify()
    leftovers = run.connection.execute(
        "SELECT count(*) FROM pg_class WHERE relname IN ('row_fate', 'topic_clean')"
    ).fetchone()
    assert leftovers == (0,)


def test_empty_table(taxi_connection, example):
    found = verify(
        taxi_connection,
        example / "sql" / "verify.sql",
        VARIABLES,
        Outputs((), ()),
        Counted(0, 0, 0, 0, 0),
    )
    assert found.ok
    assert (found.inserted, found.windows, found.watermark) == (0, 0, None)
