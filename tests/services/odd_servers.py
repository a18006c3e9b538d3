"""A supervisor with servers that behave in every bad way; run as a program by the tests.

They are real processes (small Python programs), so that everything but the server itself is what
users run.
"""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from tidemill.interfaces.service import Command, Endpoint
from tidemill.services.context import ServiceContext
from tidemill.services.ports import HOST, choose_ports
from tidemill.services.supervisor import managed
from tidemill.services.supervisor.__main__ import main

LISTEN = """
import socket, sys, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen()
print("listening", flush=True)
time.sleep(600)
"""
PROGRAMS = {
    "good": LISTEN,
    "needs-good": LISTEN,
    "slow": "import time; time.sleep(3)\n" + LISTEN,
    "deaf": "import time; print('still loading', flush=True); time.sleep(600)",
    "dies": "import sys; print('cannot open the vault'); sys.exit(7)",
    "needs-dies": LISTEN,
    "disk-full": "raise SystemExit('write failed: No space left on device')",
    "stubborn": "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + LISTEN,
    "family": "import subprocess, sys\n"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n" + LISTEN,
}


class Odd:
    """A server of the given name."""

    disk_min_bytes = 0

    def __init__(self, name: str, context: ServiceContext) -> None:
        self.name = name
        self.depends_on = (name.removeprefix("needs-"),) if name.startswith("needs-") else ()
        self._context = context
        self._port = 0
        self._folder = Path()

    def prepare(self, data: Path, endpoints: Mapping[str, Endpoint]) -> Endpoint:
        self._folder = data
        ports = choose_ports(
            self.name, ("main",), data, self._context.settings.port, self._context.note
        )
        self._port = ports["main"]
        return Endpoint(HOST, ports, {"name": self.name}, {"password": "hush-" + self.name})

    def command(self) -> Command:
        argv = [sys.executable, "-c", PROGRAMS[self.name], str(self._port)]
        return Command(argv, {"PATH": "/usr/bin:/bin"}, self._folder)

    def ready(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex((HOST, self._port)) == 0

    def stop_signal(self) -> int:
        return int(signal.SIGTERM)


class NoBit(Odd):
    """A server whose program lacks the execute bit."""

    def command(self) -> Command:
        program = self._folder / "program"
        program.write_text("#!/bin/sh\n")
        program.chmod(0o644)
        return Command([str(program)], {}, self._folder)


FACTORIES = {name: (lambda context, name=name: Odd(name, context)) for name in PROGRAMS}
FACTORIES["no-bit"] = lambda context: NoBit("no-bit", context)

if __name__ == "__main__":
    managed.BACKOFF_FIRST_S = 0.02  # so that giving up takes a second
    sys.exit(main(sys.argv[1:], FACTORIES))
