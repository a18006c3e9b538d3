"""A job that is a process of its own, with whatever it starts itself."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.engines import RunFailedError

LINES_SHOWN = 4


class ProcessRun:
    """Runs a command in a folder and a process group of its own; what it says goes to `log`."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        folder: Path,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._name = name
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(part) for part in command],
                cwd=folder,
                stdout=log,
                stderr=log,
                env=dict(env) if env is not None else None,
                start_new_session=True,
            )

    @property
    def pids(self) -> Sequence[int]:
        """The process; its descendants are found by whoever measures."""
        return [self._process.pid]

    def finished(self) -> bool:
        """Whether it has ended; raises RunFailedError with its last lines where it failed."""
        code = self._process.poll()
        if code is None:
            return False
        if code != 0:
            lines = self._log.read_text(errors="replace").strip().splitlines()[-LINES_SHOWN:]
            raise RunFailedError(f"{self._name}: exit code {code}: {' | '.join(lines)[-600:]}")
        return True

    def end(self) -> None:
        """SIGTERM, then SIGKILL for the whole group."""
        if self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def say(text: str) -> None:
    """A line for the person who waits."""
    print(f"· {text}", file=sys.stderr, flush=True)


def end_on_sigterm() -> None:
    """An end from outside runs what ends engines and servers, as Ctrl-C does."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
