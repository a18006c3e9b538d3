"""Stops, crashes and damage: what was done stays done, what was not is done next, once."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from pipeline_flow import CLI, Flow, Postgres, ended, kill, wait_for

from tidemill.errors import EngineError

pytestmark = pytest.mark.servers

COLUMNS = "id BIGINT, v STRING"
BAD = b"{"


def messages(first: int, count: int) -> list[str | bytes]:
    """Rows by number; each fiftieth is bad."""
    return [
        BAD if i % 50 == 0 else json.dumps({"id": i, "v": f"row {i}"})
        for i in range(first, first + count)
    ]


def copy(flow: Flow) -> tuple[str, str]:
    """The pipeline's file, its input and output topics."""
    topic, out = flow.topic("in"), f"{flow.name}-out"
    flow.write(
        flow.kafka("s", COLUMNS, topic),
        flow.kafka("o", COLUMNS, out),
        "INSERT INTO o SELECT id, v FROM s;",
    )
    return topic, out


def check_exactly_once(flow: Flow, out: str, count: int) -> None:
    """Rows 1 to `count` came out once and in order, and each bad one is kept once."""
    assert [row["id"] for row in flow.rows(out)] == [i for i in range(1, count + 1) if i % 50]
    positions = [int(letter["position"]) for letter in flow.letters()]
    assert positions == [i - 1 for i in range(50, count + 1, 50)]


def left_of(process: subprocess.Popen[str]) -> list[str]:
    """Processes that the run left behind; it led a session of its own."""
    found = []
    for other in psutil.process_iter(["pid", "status"]):
        try:
            if os.getsid(other.pid) == process.pid and other.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(other.cmdline()))
        except (OSError, psutil.Error):
            continue
    return found


@contextmanager
def sending(flow: Flow, topic: str, count: int) -> Iterator[None]:
    """Messages arrive all the time, from 1 on; at the end all are there."""
    stop = threading.Event()

    def body() -> None:
        for first in range(1, count + 1, 20):
            flow.send(topic, messages(first, 20))
            if not stop.is_set():
                time.sleep(0.01)

    thread = threading.Thread(target=body)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_has_committed_and_the_next_goes_on(
    flow: Flow, number: signal.Signals
) -> None:
    topic, out = copy(flow)
    with sending(flow, topic, 1000):
        process = flow.start("--json", "--every-s", "0.1", start_new_session=True)
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["rows_in"] > 100:
                break
        process.send_signal(number)
        code, output, errors = ended(process)
    assert code == 0, errors
    result = json.loads(output.splitlines()[-1])
    assert (result["type"], result["state"]) == ("result", "stopped")
    # all that it says it did is visible, and nothing else
    assert result["rows_out"] == len(flow.rows(out)) > 100
    assert result["rows_rejected"] == len(flow.letters())
    assert left_of(process) == []
    progress = flow.run()
    assert (progress.records, progress.rows_out, progress.dead_letters) == (1000, 980, 20)
    check_exactly_once(flow, out, 1000)


def test_a_second_ctrl_c_ends_at_once(flow: Flow) -> None:
    topic, out = copy(flow)
    flow.send(topic, messages(1, 200))
    process = flow.start("--json", "--every-s", "0.1", start_new_session=True)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    code, _, errors = ended(process)
    assert code in (0, 130), errors
    assert "Traceback" not in errors
    assert left_of(process) == []
    flow.run()
    check_exactly_once(flow, out, 200)


def test_kill_9_at_any_moment_loses_and_repeats_nothing(flow: Flow, postgres: Postgres) -> None:
    """Two sinks: the topic decides the epochs, the table follows."""
    postgres.create("id BIGINT PRIMARY KEY, v TEXT")
    topic, out = flow.topic("in"), f"{flow.name}-out"
    flow.write(
        flow.kafka("s", COLUMNS, topic),
        flow.kafka("o", COLUMNS, out),
        postgres.jdbc("t", COLUMNS + ", PRIMARY KEY (id) NOT ENFORCED"),
        "EXECUTE STATEMENT SET BEGIN INSERT INTO o SELECT id, v FROM s;",
        "INSERT INTO t SELECT id, v FROM s; END;",
    )
    with sending(flow, topic, 2000):
        for pause_s in (0.3, 0.05, 0.6):
            process = flow.start("--json", "--every-s", "0.1", start_new_session=True)
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(pause_s)
            kill(process)
            assert left_of(process) == []
    progress = flow.run()
    check_exactly_once(flow, out, 2000)
    assert [row[0] for row in postgres.rows()] == [i for i in range(1, 2001) if i % 50]
    assert (progress.records, progress.rows_out, progress.dead_letters) == (2000, 2 * 1960, 40)


@pytest.mark.parametrize("point", ["after-checkpoint-written", "after-decider-commit:2"])
def test_a_crash_inside_a_commit(flow: Flow, point: str) -> None:
    topic, out = copy(flow)
    flow.send(topic, messages(1, 100))
    process = flow.start(env={"TIDEMILL_CRASH_AT": point})
    if point.endswith(":2"):
        wait_for(lambda: out in {t.name for t in flow.admin.topics()} and len(flow.rows(out)) > 0)
    flow.send(topic, messages(101, 100))
    code, _, _ = ended(process)
    assert code == -signal.SIGKILL
    flow.run()
    check_exactly_once(flow, out, 200)


def test_a_second_engine_on_one_state_is_refused(flow: Flow) -> None:
    topic, out = copy(flow)
    process = flow.start("--json", "--every-s", "0.1")
    assert process.stdout is not None
    process.stdout.readline()
    with pytest.raises(EngineError) as caught:
        flow.run()
    error = caught.value
    assert error.code == "engine.state-locked"
    assert f"process {process.pid}" in error.message
    assert str(flow.state) in str(error.where)
    assert error.hint
    # the first one is not disturbed
    flow.send(topic, messages(1, 10))
    wait_for(lambda: flow.count(out) == 10)
    process.terminate()
    assert ended(process)[0] == 0


def test_a_damaged_checkpoint_stops_the_run(flow: Flow) -> None:
    topic, out = copy(flow)
    flow.send(topic, messages(1, 100))
    flow.run()
    newest = max((flow.state / "checkpoints").glob("epoch-*.checkpoint"))
    whole = newest.read_bytes()
    flow.send(topic, messages(101, 100))
    for damaged in (whole[: len(whole) // 2], whole[:100] + b"?" + whole[101:], b""):
        newest.write_bytes(damaged)
        with pytest.raises(EngineError) as caught:
            flow.run()
        assert caught.value.code == "engine.checkpoint-damaged"
        assert str(newest) in str(caught.value.where)
        assert "backup" in (caught.value.hint or "")
    check_exactly_once(flow, out, 100)
    newest.write_bytes(whole)
    flow.run()
    check_exactly_once(flow, out, 200)


def test_a_lost_state_folder_is_not_taken_for_a_fresh_start(flow: Flow) -> None:
    topic, out = copy(flow)
    flow.send(topic, messages(1, 100))
    flow.run()
    shutil.rmtree(flow.state)
    with pytest.raises(EngineError) as caught:
        flow.run()
    assert caught.value.code == "engine.state-lost"
    assert caught.value.hint
    check_exactly_once(flow, out, 100)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 256 kB at the folder; skips nothing: without root, a limit does instead."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield folder / "filler" if mounted else folder
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_stops_the_run_and_nothing_is_lost(flow: Flow) -> None:
    topic, out = copy(flow)
    flow.send(topic, messages(1, 100))
    with small_disk(flow.state / "checkpoints") as filler:
        flow.run()
        flow.send(topic, messages(101, 100))
        limit = None
        if filler.name == "filler":
            with filler.open("wb", buffering=0) as file:
                file.write(bytes(1 << 20))
        else:
            limit = 200
        command = [*CLI, "run", f"{flow.name}.sql", "--until-caught-up"]
        if limit is not None:
            command = ["prlimit", f"--fsize={limit}", *command]
        done = subprocess.run(
            command, cwd=flow.folder, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 3, done.stderr
        assert "error[engine.checkpoint-io]" in done.stderr
        assert "epoch-" in done.stderr
        assert "free space" in done.stderr
        assert "Traceback" not in done.stderr
        check_exactly_once(flow, out, 100)
        if limit is None:
            filler.unlink()
        flow.run()
    check_exactly_once(flow, out, 200)


def test_a_state_folder_that_may_not_be_written(flow: Flow) -> None:
    copy(flow)
    flow.state.mkdir(parents=True)
    (flow.state / "checkpoints").write_text("a file stands where the folder should be")
    with pytest.raises(EngineError) as caught:
        flow.run()
    assert caught.value.code == "engine.checkpoint-io"
    assert "checkpoints" in str(caught.value.where)
