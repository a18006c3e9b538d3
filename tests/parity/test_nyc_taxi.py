"""The taxi example over changes as Debezium writes them, on both engines: no row differs."""

from __future__ import annotations

import datetime
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tidemill.connectors.kafka.admin import KafkaAdmin
from tidemill.connectors.kafka.records import NewRecord, write_records
from tidemill.control.demo.folder import examples_folder
from tidemill.control.demo.nyc_taxi.generate import generate_trips
from tidemill.control.parity.proof import parity
from tidemill.interfaces.service import Endpoint
from tidemill.runners.flink import Gateway

pytestmark = pytest.mark.servers

_TABLE = {
    "VendorID": "vendor_id",
    "PULocationID": "pu_location_id",
    "DOLocationID": "do_location_id",
}
_EPOCH = datetime.datetime(1970, 1, 1)  # noqa: DTZ001 - wall-clock time
_MONEY = ("fare_amount", "tip_amount", "total_amount")


def _row(number: int, trip: dict[str, Any]) -> dict[str, Any]:
    row = {_TABLE.get(name, name): value for name, value in trip.items()}
    for name in ("tpep_pickup_datetime", "tpep_dropoff_datetime"):
        value = row[name]
        row[name] = None if value is None else round((value - _EPOCH).total_seconds() * 1000)
    for name in _MONEY:
        row[name] = None if row[name] is None else f"{row[name]:.2f}"
    return {"id": number, **row}


def envelopes(rows: int, seed: int) -> list[bytes]:
    """Trips as they come, some of them changed or deleted later."""
    generator = random.Random(seed)
    trips = [_row(i, t) for i, t in enumerate(generate_trips(rows, seed=seed).to_pylist())]
    changes: list[dict[str, Any]] = []
    for trip in trips:
        changes.append({"before": None, "after": trip, "op": "c"})
        if generator.random() < 0.05:
            changed = {**trip, "total_amount": "1.23", "trip_distance": 2.5}
            changes.append({"before": trip, "after": changed, "op": "u"})
        elif generator.random() < 0.02:
            changes.append({"before": trip, "after": None, "op": "d"})
    return [json.dumps(change).encode() for change in changes]


@pytest.fixture
def project(tmp_path: Path, kafka_endpoint: Endpoint, flink: Gateway) -> Path:
    """The example, with connections to the shared servers in the place of its own."""
    folder = tmp_path / "nyc_taxi"
    shutil.copytree(examples_folder() / "nyc_taxi", folder)
    file = folder / "tidemill.yaml"
    lines = [
        "connections:",
        f"  kafka: {{bootstrap.servers: '{kafka_endpoint.properties['bootstrap.servers']}'}}",
        "  postgres: {jdbc-url: 'jdbc:postgresql://127.0.0.1:1/none', user: u, "
        "password: '${env:NO_PASSWORD:-none}'}",
        f"  flink: {{gateway-url: '{flink.rest.url}', jobmanager-url: '{flink.rest.url}'}}",
    ]
    text = file.read_text().replace("servers:\n  postgres:\n  kafka:\n  connect:\n", "")
    file.write_text(text + "\n".join(lines) + "\n")
    return folder


def test_from_the_topic(project: Path, kafka_endpoint: Endpoint) -> None:
    admin = KafkaAdmin(dict(kafka_endpoint.properties))
    admin.create("nyc_taxi.public.nyc_taxi", partitions=1, replication=1, settings={})
    write_records(
        admin, "nyc_taxi.public.nyc_taxi", [NewRecord(value) for value in envelopes(3_000, 1)]
    )
    certificate = parity(None, project)
    assert certificate.agrees, certificate.text()
    assert [query.sink for query in certificate.queries] == [
        "clean_topic",
        "zone_window_topic",
        "zone_window",
    ]
    assert all(query.rows_flink > 300 for query in certificate.queries), certificate.text()


def test_from_a_file_and_by_the_verb(project: Path, tmp_path: Path) -> None:
    file = tmp_path / "trips.jsonl"
    file.write_bytes(b"\n".join(envelopes(500, 2)) + b"\n")
    arguments = ["parity", "nyc_taxi", "--project", str(project), "--input", f"trips={file}"]
    done = subprocess.run(
        [sys.executable, "-m", "tidemill.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nyc_taxi: equal" in done.stdout
    kept = json.loads((project / ".tidemill" / "parity" / "nyc_taxi.json").read_text())
    assert kept["verdict"] == "equal"
    assert len(kept["inputs"][0]["sha256"]) == 64
