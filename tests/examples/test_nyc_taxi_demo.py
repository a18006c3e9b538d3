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
from tidemill.control.down import down
from tidemill.services import running_endpoints

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]


def command(*arguments):
    return [sys.executable, "-m", "tidemill.cli", "demo", "nyc_taxi", *arguments]


@pytest.fixture(autouse=True)
def nothing_runs_on(tmp_path):
    yield
    for state in tmp_path.glob(".tidemill/demo/*/.tidemill"):
        down(state)


def demo(folder, *arguments, code=0, data=True):
    done = subprocess.run(
        command("--json", *arguments), cwd=folder, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout) if data and done.stdout else done.stderr


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


def start(folder, *arguments, until):
    """Start a demo and return when it has told a line with `until` in it."""
    process = subprocess.Popen(
        command(*arguments),
        cwd=folder,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    for line in process.stderr:
        if until in line:
            return process
    raise AssertionError(f"the demo ended with {process.wait()} before `{until}`")


def test_stopped_killed_resumed_continued_and_tampered(tmp_path):
    """One folder through all of a demo's life; the servers' data is never thrown away."""
    # Ctrl-C while the servers start.
    process = start(tmp_path, until="postgres")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in said) == (130, False)
    wait_for_none_in(tmp_path)

    # A kill in the middle of the rows, then Ctrl-C in the middle of the rows; so slow that a busy
    # machine does not come to their end before.
    process = start(tmp_path, "--rows", "6000", "--rate", "300", until="inserted")
    process.kill()
    process.communicate()
    wait_for_none_in(tmp_path)
    process = start(tmp_path, "--rate", "100", until="inserted")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in said) == (130, False)
    assert "nothing is lost" in said
    wait_for_none_in(tmp_path)

    # The next start finishes what was begun: every row once.
    first = demo(tmp_path, "--rows", "5", "--rate", "8000")["verification"]
    assert first["ok"] is True
    assert first["inserted"] == 6000 == account(first)
    assert first["windows"] > 100
    wait_for_none_in(tmp_path)

    # The one after goes on with the next trips.
    second = demo(tmp_path, "--rows", "3000", "--rate", "3000", "--keep")
    assert second["verification"]["ok"] is True
    assert second["verification"]["inserted"] == 9000 == account(second["verification"])
    assert (second["rows_new"], second["kept_running"]) == (3000, True)
    assert len(second["top_zones"]) == 10
    assert second["first_window_s"] is not None

    # One cent in one window, and the command fails.
    folder = demo_folder(tmp_path, "nyc_taxi", None)
    endpoint = running_endpoints(folder / ".tidemill")["postgres"]
    with connect(endpoint) as connection:
        connection.execute(
            "UPDATE zone_window SET revenue = revenue + 0.01"
            " WHERE ctid = (SELECT min(ctid) FROM zone_window)"
        )
    said = demo(tmp_path, "--rows", "1000", code=1, data=False)
    assert "demo.windows-differ" in said
    assert "Traceback" not in said
    wait_for_none_in(tmp_path)


def test_green_file_then_another_of_the_same_name(tmp_path):
    trips = generate_trips(5000)
    names = [name.replace("tpep_", "lpep_") for name in trips.column_names]
    path = tmp_path / "green_tripdata_2026-06.parquet"
    pq.write_table(trips.rename_columns(names).drop_columns(["Airport_fee"]), path)
    result = demo(tmp_path, "--input", str(path), "--rate", "0")
    assert result["verification"]["ok"] is True
    assert result["verification"]["inserted"] == 5000 == account(result["verification"])

    pq.write_table(generate_trips(301), path)
    said = demo(tmp_path, "--input", str(path), code=1)
    assert "demo.other-input" in said
    fresh = demo(tmp_path, "--input", str(path), "--fresh")["verification"]
    assert (fresh["ok"], fresh["inserted"]) == (True, 301)
    wait_for_none_in(tmp_path)


def test_cut_off_file(tmp_path):
    path = tmp_path / "cut.parquet"
    pq.write_table(generate_trips(500), path)
    path.write_bytes(path.read_bytes()[:5000])
    said = demo(tmp_path, "--input", str(path), code=1)
    assert "demo.input-unreadable" in said
    assert list(tmp_path.iterdir()) == [path]
