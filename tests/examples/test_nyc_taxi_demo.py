"""The whole demo, as a user runs it: a process of its own, real servers, small inputs."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pyarrow.parquet as pq
import pytest

from tidemill.control.demo.folder import demo_folder
from tidemill.control.demo.nyc_taxi.generate import generate_trips
from tidemill.control.demo.postgres import connect
from tidemill.services import running_endpoints

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]


def command(*arguments):
    return [sys.executable, "-m", "tidemill.cli", "demo", "nyc_taxi", *arguments]


def demo(folder, *arguments, code=0):
    done = subprocess.run(
        command("--json", *arguments), cwd=folder, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout) if done.stdout else done.stderr


def processes_in(folder):
    """Processes that hold to the folder: by their working folder or their arguments."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "cwd", "status"]):
        info = process.info
        if info["status"] == psutil.STATUS_ZOMBIE or info["pid"] == os.getpid():
            continue
        text = " ".join([*(info["cmdline"] or ()), info["cwd"] or ""])
        if str(folder) in text:
            found.append(text)
    return found


def wait_for_none_in(folder, seconds=20):
    limit = time.monotonic() + seconds
    while (left := processes_in(folder)) and time.monotonic() < limit:
        time.sleep(0.2)
    assert left == []


def account(verification):
    parts = ("filtered", "late", "in_closed_windows", "in_open_windows")
    return sum(verification[part] for part in parts)


def test_first_run_second_run_and_a_tampered_window(tmp_path):
    first = demo(tmp_path, "--rows", "6000", "--rate", "4000")
    assert first["verification"]["ok"] is True
    assert first["verification"]["inserted"] == 6000 == account(first["verification"])
    assert first["verification"]["windows"] > 100
    assert first["rows_new"] == 6000
    assert len(first["top_zones"]) == 10
    wait_for_none_in(tmp_path)

    second = demo(tmp_path, "--rows", "3000", "--rate", "3000", "--keep")
    assert second["verification"]["ok"] is True
    assert second["verification"]["inserted"] == 9000 == account(second["verification"])
    assert second["rows_new"] == 3000
    assert second["first_window_s"] < 60

    folder = demo_folder(tmp_path, "nyc_taxi", None)
    endpoint = running_endpoints(folder / ".tidemill")["postgres"]
    with connect(endpoint) as connection:
        connection.execute(
            "UPDATE zone_window SET revenue = revenue + 0.01"
            " WHERE ctid = (SELECT min(ctid) FROM zone_window)"
        )
    third = subprocess.run(
        command("--rows", "1000"), cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert third.returncode == 1
    assert "demo.windows-differ" in third.stderr
    assert "Traceback" not in third.stderr
    wait_for_none_in(tmp_path)

    fresh = demo(tmp_path, "--rows", "2000", "--fresh")
    assert fresh["verification"]["ok"] is True
    assert fresh["verification"]["inserted"] == 2000
    wait_for_none_in(tmp_path)


@pytest.mark.parametrize("moment", ["servers", "rows"])
def test_interrupted_and_resumed(tmp_path, moment):
    process = subprocess.Popen(
        command("--rows", "8000", "--rate", "1500"),
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    sign = "ready" if moment == "servers" else "inserted"
    for line in process.stderr:
        if sign in line:
            break
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    wait_for_none_in(tmp_path)

    resumed = demo(tmp_path, "--rows", "5", "--rate", "8000")
    expected = 8000 if moment == "rows" else 5
    assert resumed["verification"]["ok"] is True
    assert resumed["verification"]["inserted"] == expected == account(resumed["verification"])


def test_killed_leaves_no_process_and_loses_nothing(tmp_path):
    process = subprocess.Popen(
        command("--rows", "6000", "--rate", "1500"),
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    for line in process.stderr:
        if "inserted" in line:
            break
    process.kill()
    process.communicate()
    wait_for_none_in(tmp_path)
    resumed = demo(tmp_path, "--rate", "8000")
    assert resumed["verification"]["ok"] is True
    assert resumed["verification"]["inserted"] == 6000


def test_green_file(tmp_path):
    trips = generate_trips(5000)
    names = [name.replace("tpep_", "lpep_") for name in trips.column_names]
    path = tmp_path / "green_tripdata_2026-06.parquet"
    pq.write_table(trips.rename_columns(names).drop_columns(["Airport_fee"]), path)
    result = demo(tmp_path, "--input", str(path), "--rate", "0")
    assert result["verification"]["ok"] is True
    assert result["verification"]["inserted"] == 5000 == account(result["verification"])
    again = demo(tmp_path, "--input", str(path))
    assert again["rows_new"] == 0
    assert again["verification"] == result["verification"]


def test_cut_off_file(tmp_path):
    path = tmp_path / "cut.parquet"
    pq.write_table(generate_trips(500), path)
    path.write_bytes(path.read_bytes()[:5000])
    said = demo(tmp_path, "--input", str(path), code=1)
    assert "demo.input-unreadable" in said
    assert list(tmp_path.iterdir()) == [path]


def test_other_file_of_the_same_name(tmp_path):
    path = tmp_path / "trips.parquet"
    pq.write_table(generate_trips(300), path)
    demo(tmp_path, "--input", str(path), "--rate", "0")
    pq.write_table(generate_trips(301), path)
    said = demo(tmp_path, "--input", str(path), code=1)
    assert "demo.other-input" in said
    assert demo(tmp_path, "--input", str(path), "--fresh")["verification"]["inserted"] == 301
