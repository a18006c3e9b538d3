"""The engine as `tidemill run` in a process of its own, which is killed and started again.

Guarantees: whatever ends it, `tend` starts it again, as an init system would; what it ended with is
counted by its error code. It ends with us.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from tidemill.control.live_state import read_live
from tidemill.engine.checkpoint import CheckpointStore
from tidemill.services.spawn import tie_to_parent

COMMAND = (sys.executable, "-m", "tidemill.cli")
_POLL_S = 0.01
_AGAIN_S = 0.3
_TAIL_BYTES = 20_000
_TALK_WITHIN_S = 2.0


class EngineProcess:
    """One pipeline's engine; used from one thread."""

    def __init__(self, folder: Path, pipeline: str, command: Sequence[str] = ()) -> None:
        self.folder = folder
        self.pipeline = pipeline
        self.command = tuple(command)
        self._command = [
            *(command or COMMAND), "run", pipeline, "--json", "--every-s", "3600", "-C", str(folder)
        ]  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None
        self.kills = self.starts = 0
        self.ends: Counter[str] = Counter()
        self._log_from = 0
        self._talk: threading.Thread | None = None

    @property
    def log(self) -> Path:
        """Where its talk goes."""
        return self.folder / "engine.log"

    @property
    def store(self) -> CheckpointStore:
        """Its checkpoints."""
        state = self.folder / ".tidemill" / "pipelines" / self.pipeline
        return CheckpointStore(state / "checkpoints")

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        return self.process is not None and self.process.poll() is None

    def start(self, environ: Mapping[str, str] | None = None) -> None:
        """Start it, with more in its environment."""
        self.starts += 1
        self.process = self.spawn(environ)

    def spawn(self, environ: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start another process of the same pipeline."""
        self._log_from = self.log.stat().st_size if self.log.exists() else 0
        process = subprocess.Popen(
            self._command,
            cwd=self.folder,
            env={**os.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C is for us
            preexec_fn=tie_to_parent(signal.SIGKILL),  # noqa: PLW1509 - two plain system calls
        )
        # Not the file itself: a fault may take away the right to write files.
        self._talk = threading.Thread(target=self._keep_talk, args=(process,), daemon=True)
        self._talk.start()
        return process

    def _keep_talk(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as talk, self.log.open("ab", buffering=0) as log:
            for line in talk:
                log.write(line)

    def kill(self) -> None:
        """`kill -9`, and wait until it is gone."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.kill()
            self.kills += 1
        self.process.wait()

    def send(self, number: int) -> bool:
        """Signal it; False where it is gone."""
        if self.process is None or self.process.poll() is not None:
            return False
        self.process.send_signal(number)
        return True

    def tend(self) -> None:
        """Start it where it has ended."""
        if self.process is None or self.process.poll() is None:
            return
        if self.process.returncode != -signal.SIGKILL:
            self.ends[self.last_code()] += 1
            time.sleep(_AGAIN_S)
        self.start()

    def last_code(self) -> str:
        """The error code with which the last process ended; its exit code where there is none."""
        if self._talk is not None:
            self._talk.join(_TALK_WITHIN_S)
        with self.log.open("rb") as log:
            log.seek(max(self._log_from, self.log.stat().st_size - _TAIL_BYTES))
            lines = log.read().decode(errors="replace").splitlines()
        for line in reversed(lines):
            if line.startswith('{"error"'):
                try:
                    return str(json.loads(line)["error"]["code"])
                except (ValueError, KeyError):
                    break
        code = None if self.process is None else self.process.returncode
        return f"exit code {code}"

    def wait_gone(self, limit_s: float) -> bool:
        """Wait until it has ended by itself; whether it has."""
        limit = time.monotonic() + limit_s
        while self.alive and time.monotonic() < limit:
            time.sleep(_POLL_S)
        return not self.alive

    def newest(self) -> int:
        """The newest epoch on disk; 0 before the first."""
        return max(self.store.epochs(), default=0)

    def committed(self) -> int:
        """The last epoch that this very process has committed everywhere; 0 before its first."""
        live = read_live(self.store.folder.parent)
        mine = live is not None and self.process is not None and live["pid"] == self.process.pid
        return int(live["epoch"]) if live is not None and mine else 0

    def stop(self, limit_s: float = 60.0) -> int | None:
        """End it in order (SIGINT); its exit code, None where it had to be killed."""
        if self.process is None:
            return 0
        self.send(signal.SIGINT)
        try:
            return self.process.wait(limit_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None
