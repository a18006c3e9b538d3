"""The supervisor keeps servers running, says what is wrong, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from tidemill.errors import ServiceError
from tidemill.services import running_endpoints
from tidemill.services.processes import wait_gone
from tidemill.services.supervisor import client
from tidemill.services.supervisor.managed import RESTARTS_MAX
from tidemill.services.supervisor.status import ServerState


def test_servers_start_in_order_and_stop_without_a_trace(bench) -> None:
    status = bench.up("needs-good", "good")
    good, dependent = status.servers["good"], status.servers["needs-good"]
    assert good.began_at_ms + good.started_ms <= dependent.began_at_ms + 50
    assert set(running_endpoints(bench.folder.root)) == {"good", "needs-good"}
    assert client.stop(bench.folder) is True
    assert bench.processes() == []
    assert running_endpoints(bench.folder.root) == {}
    assert client.stop(bench.folder) is False


def test_a_second_wish_joins_what_runs(bench) -> None:
    first = bench.up("good").servers["good"]
    second = bench.up("good").servers["good"]
    assert first.process == second.process


def test_two_starts_at_once_get_the_same_servers(bench) -> None:
    found: list[object] = []

    def start() -> None:
        found.append(bench.up("slow", "good").servers["slow"].process)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_a_server_that_dies_at_its_start_is_reported_with_its_last_lines(bench) -> None:
    with pytest.raises(ServiceError) as caught:
        bench.up("dies", "good")
    error = caught.value
    assert error.code == "service.died"
    assert "dies ended at its start with exit code 7" in error.message
    assert "cannot open the vault" in error.detail
    assert "tidemill logs dies" in error.hint
    bench.wait("good", ServerState.READY)  # the others are not taken down


def test_what_needs_a_failed_server_is_not_started(bench) -> None:
    with pytest.raises(ServiceError, match="dies ended at its start"):
        bench.up("dies", "needs-dies")
    bench.wait("needs-dies", ServerState.FAILED)
    error = bench.status().servers["needs-dies"].last_error
    assert error["code"] == "service.dependency-failed"


def test_a_server_that_is_never_ready_is_killed(bench) -> None:
    with pytest.raises(ServiceError) as caught:
        bench.up("deaf", start_timeout_s=1.0)
    assert caught.value.code == "service.start-timeout"
    assert "deaf was not ready within 1 s" in caught.value.message
    assert "still loading" in caught.value.detail


def test_a_full_disk_is_recognised_in_the_log(bench) -> None:
    with pytest.raises(ServiceError) as caught:
        bench.up("disk-full")
    assert caught.value.code == "service.disk-full"
    assert "no room left" in caught.value.message


def test_a_missing_execute_bit_is_reported(bench) -> None:
    with pytest.raises(ServiceError) as caught:
        bench.up("no-bit")
    assert caught.value.code == "service.binary-not-executable"
    assert "chmod" in caught.value.hint or "mode" in caught.value.hint


def test_a_failed_server_can_be_started_again(bench) -> None:
    for _ in range(2):
        with pytest.raises(ServiceError):
            bench.up("dies")


def test_a_killed_server_comes_back_on_its_port(bench) -> None:
    ports = bench.up("good").servers["good"].ports
    pid = bench.kill("good")
    bench.wait("good", ServerState.READY, restarts=1)
    server = bench.status().servers["good"]
    assert server.process.pid != pid
    assert server.ports == ports
    assert server.last_error is None


def test_a_server_that_dies_again_and_again_is_given_up(bench) -> None:
    bench.up("good")
    for restarts in range(1, RESTARTS_MAX + 1):
        bench.kill("good")
        bench.wait("good", ServerState.READY, restarts=restarts)
    bench.kill("good")
    bench.wait("good", ServerState.FAILED)
    error = bench.status().servers["good"].last_error
    assert error["message"] == "good ended while it ran with signal SIGKILL"
    assert bench.up("good").servers["good"].state is ServerState.READY  # when asked for again


def test_no_process_outlives_a_killed_supervisor(bench) -> None:
    bench.up("good", "stubborn")
    processes = bench.processes()
    assert len(processes) == 3
    os.kill(bench.status().process.pid, signal.SIGKILL)
    assert wait_gone(processes, 10)


def test_after_a_killed_supervisor_the_next_start_works(bench) -> None:
    ports = bench.up("good").servers["good"].ports
    os.kill(bench.status().process.pid, signal.SIGKILL)
    assert bench.up("good").servers["good"].ports == ports


def test_a_group_dies_with_its_leader(bench) -> None:
    bench.up("family")
    child = psutil.Process(bench.pid("family")).children()[0]
    client.stop(bench.folder)
    assert wait_gone([child], 5)


def test_the_supervisor_ends_with_its_owner(bench) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "from conftest import Bench; from pathlib import Path;"
        "Bench(Path(sys.argv[2])).up('good')"
    )
    here = str(Path(__file__).parent)
    root = str(bench.folder.root.parent)
    subprocess.run([sys.executable, "-c", code, here, root], check=True, timeout=60)
    deadline = time.monotonic() + 15
    while bench.processes() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert bench.processes() == []


def test_stopping_while_servers_start_cancels_the_start(bench) -> None:
    wish = bench.wish("slow", "good")
    outcome: list[ServiceError] = []

    def wait() -> None:
        try:
            client.wait_settled(bench.folder, wish, ["slow", "good"])
        except ServiceError as error:
            outcome.append(error)

    waiter = threading.Thread(target=wait)
    waiter.start()
    bench.wait("slow", ServerState.STARTING)
    client.stop(bench.folder)
    waiter.join(10)
    assert [error.code for error in outcome] == ["service.cancelled"]
    assert bench.processes() == []


def test_a_stale_pid_of_another_process_is_left_alone(bench) -> None:
    innocent = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        folder = bench.folder.server("good")
        folder.mkdir(parents=True)
        (folder / "process.json").write_text(f'{{"pid": {innocent.pid}, "created": 1000.0}}')
        bench.folder.status.write_text("{half a file")
        bench.up("good")
        client.stop(bench.folder)
        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()


def test_a_kept_port_that_somebody_took_is_chosen_again_with_a_note(bench) -> None:
    kept = bench.up("good").servers["good"].ports["main"]
    client.stop(bench.folder)
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        thief.bind(("127.0.0.1", kept))
        thief.listen()
        server = bench.up("good").servers["good"]
        assert server.ports["main"] != kept
        assert f"port {kept} is used by" in server.notes[0]
        assert str(os.getpid()) in server.notes[0]


def test_a_port_that_the_user_set_and_somebody_has_is_an_error(bench) -> None:
    with socket.socket() as thief:
        thief.bind(("127.0.0.1", 0))
        thief.listen()
        port = thief.getsockname()[1]
        with pytest.raises(ServiceError) as caught:
            bench.up("good", port=port)
    assert caught.value.code == "service.port-taken"
    assert f"port {port} of good" in caught.value.message


def test_only_the_owner_can_look_in(bench) -> None:
    bench.up("good")
    assert stat.S_IMODE(bench.folder.root.stat().st_mode) == 0o700
    for path in bench.folder.root.rglob("*"):
        if path.is_file():
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_no_secret_stands_in_status_or_logs(bench) -> None:
    bench.up("good")
    assert running_endpoints(bench.folder.root)["good"].secrets == {"password": "hush-good"}
    client.stop(bench.folder)
    for path in [bench.folder.status, *(bench.folder.root / "logs").iterdir()]:
        assert "hush-" not in path.read_text()


def test_a_large_log_is_set_aside_at_the_start(bench) -> None:
    log = bench.folder.log("good")
    log.write_bytes(b"old line\n" * 1_300_000)
    bench.up("good")
    assert log.with_name("good.log.1").stat().st_size > 11_000_000
    assert b"old" not in log.read_bytes()
