"""A state folder with a supervisor of odd servers."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tidemill.services.settings import ServerSettings
from tidemill.services.state import StateFolder, state_folder
from tidemill.services.supervisor import client
from tidemill.services.supervisor.status import ServerState, SupervisorStatus

PROGRAM = (str(Path(__file__).with_name("odd_servers.py")),)


class Bench:
    """Drives one supervisor of odd servers."""

    def __init__(self, root: Path) -> None:
        self.folder: StateFolder = state_folder(root / ".tidemill").make()

    def wish(self, *names: str, **settings: object) -> str:
        settings = {"start_timeout_s": 15.0, **settings}
        servers = {name: ServerSettings(**settings) for name in names}
        return client.request(self.folder, servers, owner_pid=os.getpid(), program=PROGRAM)

    def up(self, *names: str, **settings: object) -> SupervisorStatus:
        settings = {"start_timeout_s": 15.0, **settings}
        servers = {name: ServerSettings(**settings) for name in names}
        return client.start(self.folder, servers, owner_pid=os.getpid(), program=PROGRAM)

    def status(self) -> SupervisorStatus:
        status = client.read_status(self.folder)
        assert status is not None
        return status

    def pid(self, name: str) -> int:
        process = self.status().servers[name].process
        assert process is not None
        return process.pid

    def kill(self, name: str) -> int:
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait(self, name: str, state: ServerState, restarts: int = 0, timeout_s: float = 20) -> None:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            server = self.status().servers.get(name)
            if server is not None and server.state is state and server.restarts >= restarts:
                return
            time.sleep(0.02)
        raise AssertionError(f"{name} is {self.status().servers.get(name)}")

    def processes(self) -> list[psutil.Process]:
        """Every living process that has to do with the state folder."""
        found = []
        for process in psutil.process_iter():
            try:
                told = [*process.cmdline(), process.cwd()]
                ours = any(str(self.folder.root) in text for text in told)
                if ours and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    client.stop(made.folder)
    assert made.processes() == []
