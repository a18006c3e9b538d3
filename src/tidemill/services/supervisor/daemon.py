"""The supervisor's loop: takes up wishes, steps every server, says how things are.

One thread decides; a small pool prepares and probes. The loop sleeps until a signal (a wish, a dead
child, a stop) or for a short while when something is under way.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tidemill.errors import ServiceError
from tidemill.services.context import ServiceFactory
from tidemill.services.locks import open_lock, try_lock
from tidemill.services.processes import ProcessId, identify, kill_tree, parse_process_id
from tidemill.services.settings import parse_settings
from tidemill.services.spawn import kill_helpers
from tidemill.services.state import StateFolder, read_json, write_json
from tidemill.services.supervisor.logs import trim_running
from tidemill.services.supervisor.managed import Managed
from tidemill.services.supervisor.status import ServerState, SupervisorStatus

BUSY_PAUSE_S = 0.03
IDLE_PAUSE_S = 1.0
LOG_CHECK_S = 30.0
EMPTY_EXIT_S = 10.0


class Supervisor:
    """Keeps servers running until it is told to stop, or until its owner is gone."""

    def __init__(
        self,
        folder: StateFolder,
        factories: Mapping[str, ServiceFactory],
        owner: ProcessId | None = None,
    ) -> None:
        """Supervise the servers of `folder`; with an owner, stop everything when it is gone."""
        self._folder = folder
        self._factories = factories
        self._owner = owner
        self._servers: dict[str, Managed] = {}
        self._accepted: list[str] = []
        self._stopping = False
        self._said: dict[str, Any] | None = None
        self._lock = -1
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="server")
        self._wake, self._waker = socket.socketpair()
        self._log_check_at = 0.0
        self._empty_since = time.monotonic()
        me = identify(os.getpid())
        self._me = me or ProcessId(os.getpid(), time.time())

    def run(self) -> int:
        """Run to the end; 0 where all servers were stopped, 1 where another supervisor runs."""
        self._lock = open_lock(self._folder.supervisor_lock)
        if not try_lock(self._lock):
            return 1
        self._listen()
        self._clear_leftovers()
        self._say()
        while not self._finished():
            self._sleep()
            self._look_at_owner()
            if not self._stopping:
                self._take_wishes()
            for server in list(self._servers.values()):
                server.step(self._servers)
            if self._stopping:
                self._stop_servers()
            self._say()
            self._trim_logs()
        self._pool.shutdown(wait=False, cancel_futures=True)
        return 0

    def _listen(self) -> None:
        for end in (self._wake, self._waker):
            end.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        for number in (signal.SIGUSR1, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def _on_stop(self, *_: object) -> None:
        self._stopping = True

    def _sleep(self) -> None:
        busy = self._stopping or any(server.busy for server in self._servers.values())
        select.select([self._wake], [], [], BUSY_PAUSE_S if busy else IDLE_PAUSE_S)
        with contextlib.suppress(BlockingIOError):
            while self._wake.recv(4096):
                pass

    def _look_at_owner(self) -> None:
        if self._owner is not None and self._owner.process() is None:
            self._stopping = True

    def _take_wishes(self) -> None:
        for path in sorted(self._folder.requests.glob("*.json")):
            wish = read_json(path)
            if isinstance(wish, dict):
                self._take_wish(wish)
                self._accepted = [*self._accepted[-99:], path.stem]
            # Said before the wish is removed: whoever wished sees one or the other.
            self._say()
            path.unlink(missing_ok=True)

    def _take_wish(self, wish: Mapping[str, Any]) -> None:
        """Start the servers that are wished and do not run."""
        for name, given in wish.get("servers", {}).items():
            running = self._servers.get(name)
            try:
                settings = parse_settings(name, given)
            except ServiceError:
                continue  # checked before it was handed in
            if running is not None and not running.state.settled:
                continue
            if running is not None and running.state is ServerState.READY:
                if running.settings != settings:
                    note = "other settings were wished; they take effect after `tidemill down`"
                    if note not in running.notes:
                        running.notes.append(note)
                continue
            factory = self._factories.get(name)
            if factory is not None:
                self._servers[name] = Managed(name, settings, factory, self._folder, self._pool)

    def _stop_servers(self) -> None:
        """Stop those that no running server needs; so dependents go first."""
        kill_helpers()
        needed = {
            name
            for server in self._servers.values()
            if server.has_process
            for name in server.depends_on
        }
        for server in self._servers.values():
            if server.name not in needed:
                server.stop()

    def _finished(self) -> bool:
        if any(server.has_process or server.busy for server in self._servers.values()):
            self._empty_since = time.monotonic()
            return False
        if self._stopping:
            return True
        return time.monotonic() - self._empty_since > EMPTY_EXIT_S and self._leave()

    def _leave(self) -> bool:
        """End when there is nothing to supervise, unless a wish is just being handed in."""
        lock = open_lock(self._folder.launch_lock)
        if not try_lock(lock) or any(self._folder.requests.glob("*.json")):
            os.close(lock)
            return False
        self._stopping = True  # the lock is kept to the end of this process
        return True

    def _clear_leftovers(self) -> None:
        """Kill servers of a supervisor that was killed, where the kernel did not do it."""
        for path in (self._folder.root / "servers").glob("*/process.json"):
            identity = parse_process_id(read_json(path))
            if identity is not None and not kill_tree(identity):
                print(f"process {identity.pid} cannot be killed", file=sys.stderr)
            path.unlink(missing_ok=True)

    def _say(self) -> None:
        """Write the status where it has changed; on a full disk try again at the next turn."""
        servers = {name: server.status() for name, server in self._servers.items()}
        status = SupervisorStatus(self._me, self._stopping, tuple(self._accepted), servers)
        value = status.as_dict()
        if value == self._said:
            return
        try:
            write_json(self._folder.status, value)
            self._said = value
        except OSError as error:
            print(f"the status cannot be written: {error}", file=sys.stderr)

    def _trim_logs(self) -> None:
        if time.monotonic() < self._log_check_at:
            return
        self._log_check_at = time.monotonic() + LOG_CHECK_S
        for name in self._servers:
            with contextlib.suppress(OSError):
                trim_running(self._folder.log(name))
