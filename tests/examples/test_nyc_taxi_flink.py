"""The taxi example's two PyFlink programs write what its SQL file writes, row by row."""

from __future__ import annotations

import json
import math
import random
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tidemill.connectors.kafka.admin import KafkaAdmin
from tidemill.connectors.kafka.records import NewRecord, ReadFrom, read_records, write_records
from tidemill.control.demo.folder import examples_folder
from tidemill.control.demo.nyc_taxi.generate import generate_trips
from tidemill.control.flink_program import ProgramRequest, ProgramResult, run_program
from tidemill.control.run import run
from tidemill.interfaces.service import Endpoint

pytestmark = pytest.mark.servers

_NAMES = {
    "VendorID": "vendor_id",
    "PULocationID": "pu_location_id",
    "DOLocationID": "do_location_id",
}
_MONEY = ("fare_amount", "tip_amount", "total_amount")
_ROWS = 400


def _messages() -> list[bytes]:
    """Trips as Debezium reports inserts, out of order by less than the watermark's hour."""
    table = generate_trips(_ROWS, seed=7)
    trips = []
    for number, trip in enumerate(table.to_pylist()):
        row: dict[str, Any] = {"id": number}
        row |= {_NAMES.get(name, name): value for name, value in trip.items()}
        for name in ("tpep_pickup_datetime", "tpep_dropoff_datetime"):
            at = row[name]
            row[name] = None if at is None else round(at.timestamp() * 1000)
        for name in _MONEY:
            row[name] = None if row[name] is None else f"{row[name]:.2f}"
        trips.append(row)
    shuffle = random.Random(7)
    trips.sort(key=lambda t: (t["tpep_pickup_datetime"] or 0) + shuffle.randrange(3_000_000))
    return [json.dumps({"before": None, "after": trip, "op": "c"}).encode() for trip in trips]


def _pipeline(topics: dict[str, str]) -> str:
    """The SQL file with other topics, to the end of its input, without Postgres."""
    text = (examples_folder() / "nyc_taxi/pipelines/nyc_taxi.sql").read_text()
    for name, topic in topics.items():
        assert f"'topic' = '{name}'" in text
        text = text.replace(f"'topic' = '{name}'", f"'topic' = '{topic}'")
    start = "'scan.startup.mode' = 'earliest-offset'"
    text = text.replace(start, f"{start}, 'scan.bounded.mode' = 'latest-offset'")
    begin = text.index("CREATE TABLE zone_window (")
    end = text.index("-- 4.")
    text = text[:begin] + text[end:]
    begin = text.index("  INSERT INTO zone_window\n")
    return text[:begin] + text[text.index("END;") :]


def _values(admin: KafkaAdmin, topic: str) -> list[dict[str, Any]]:
    records = read_records(admin, topic, ReadFrom())
    values = [record.value for record in records]
    assert all(value is not None for value in values)
    return [json.loads(value, parse_float=Decimal) for value in values if value is not None]


def _by(rows: list[dict[str, Any]], *keys: str) -> dict[Any, dict[str, Any]]:
    found = {tuple(row[key] for key in keys): row for row in rows}
    assert len(found) == len(rows)
    return found


@pytest.mark.timeout(400)
def test_both_programs(
    tmp_path: Path, stack: object, kafka_endpoint: Endpoint, unique_name: Callable[..., str]
) -> None:
    stack.endpoint("flink-taskmanager")  # type: ignore[attr-defined]
    url = stack.endpoint("flink-jobmanager").properties["url"]  # type: ignore[attr-defined]
    bootstrap = kafka_endpoint.properties["bootstrap.servers"]
    (tmp_path / "tidemill.yaml").write_text(
        f"name: {unique_name()}\npipelines: [taxi.sql]\nconnections:\n"
        f"  kafka: {{bootstrap.servers: '{bootstrap}'}}\n  flink: {{jobmanager-url: '{url}'}}\n"
        "variables: {trips_from: '2026-06-01 00:00:00', trips_to: '2027-06-01 00:00:00'}\n"
    )
    names = ("public.nyc_taxi", "sink.datastream", "sink_window.datastream")
    topics = {f"nyc_taxi.{name}": unique_name("sql") for name in names}
    source, clean, windows = topics.values()
    ours = {"extract_fields.py": unique_name("clean"), "zone_windows.py": unique_name("windows")}
    admin = KafkaAdmin(dict(kafka_endpoint.properties))
    for topic in (source, clean, windows, *ours.values()):
        admin.create(topic, partitions=1, replication=1, settings={})
    write_records(admin, source, [NewRecord(value) for value in _messages()])
    results: dict[str, ProgramResult] = {}

    def start(program: str, sink: str) -> None:
        path = examples_folder() / "nyc_taxi" / "flink" / program
        arguments = ["--bounded", "--source-topic", source, "--sink-topic", sink]
        request = ProgramRequest(path, arguments)
        results[program] = run_program(request, tmp_path)

    threads = [threading.Thread(target=start, args=one) for one in ours.items()]
    for thread in threads:
        thread.start()
    (tmp_path / "taxi.sql").write_text(_pipeline(topics))
    run("taxi", tmp_path, until="finished")
    for thread in threads:
        thread.join()
    assert [done.exit_code for done in results.values()] == [0, 0], results
    assert {name: [job.state for job in done.jobs] for name, done in results.items()} == {
        "extract_fields.py": ["FINISHED"],
        "zone_windows.py": ["FINISHED"],
    }
    cleaned = _values(admin, ours["extract_fields.py"])
    assert len(cleaned) > _ROWS * 0.9
    assert _by(cleaned, "id") == _by(_values(admin, clean), "id")
    found = _by(_values(admin, ours["zone_windows.py"]), "window_start", "zone_id")
    wanted = _by(_values(admin, windows), "window_start", "zone_id")
    assert found.keys() == wanted.keys()
    assert len(found) > 50
    for key, row in wanted.items():
        average = float(row.pop("avg_distance"))
        assert math.isclose(float(found[key].pop("avg_distance")), average, rel_tol=1e-9)
        assert found[key] == row
