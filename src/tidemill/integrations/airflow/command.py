"""Calling Tidemill's command line. Standard library only.

TIDEMILL_COMMAND says how it is called (by default `tidemill`), TIDEMILL_PROJECT where the project
is; an operator may name another one.
"""

from __future__ import annotations

import ctypes
import json
import os
import shlex
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_PR_SET_PDEATHSIG = 1
_NOT_PASSED_ON = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
"""They belong to Airflow's Python."""


@dataclass(frozen=True)
class Answer:
    """What a command line gave: its exit code, its last JSON value, and the error it named."""

    code: int
    data: Any
    error: Mapping[str, Any] | None

    @property
    def error_text(self) -> str:
        """The error in one line."""
        if self.error is None:
            return f"tidemill ended with the exit code {self.code}"
        hint = f" ({self.error['hint']})" if self.error.get("hint") else ""
        return f"[{self.error.get('code')}] {self.error.get('message')}{hint}"


def command_line(arguments: Sequence[str], project: str | None) -> list[str]:
    """The whole command, with `--json`."""
    given = shlex.split(os.environ.get("TIDEMILL_COMMAND", "tidemill"))
    folder = project or os.environ.get("TIDEMILL_PROJECT")
    return [*given, *arguments, "--json", *(["--project", folder] if folder else [])]


def environment() -> dict[str, str]:
    """The environment of the command: this one without what belongs to Airflow."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in _NOT_PASSED_ON and not name.startswith(("AIRFLOW_", "_AIRFLOW"))
    }


def answer_of(code: int, lines: Sequence[str]) -> Answer:
    """What the lines on stdout say: the last one that is JSON."""
    for line in reversed(lines):
        try:
            data = json.loads(line)
        except ValueError:
            continue
        error = data.get("error") if isinstance(data, dict) and code != 0 else None
        return Answer(code, data, error if isinstance(error, dict) else None)
    return Answer(code, None, None)


class Call:
    """One command that runs; `stop` asks it to commit and end."""

    def __init__(self, arguments: Sequence[str], project: str | None) -> None:
        self._process = subprocess.Popen(
            command_line(arguments, project),
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - one call into libc
        )

    def wait(self, heard: Callable[[str], None] = lambda _: None) -> Answer:
        """Its answer; `heard` is told each line on stdout as it comes."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        lines: list[str] = []
        with self._process:
            for line in self._process.stdout:
                lines.append(line.rstrip("\n"))
                heard(lines[-1])
                del lines[:-50]
            said = self._process.stderr.read()
        for line in said.splitlines()[-20:]:
            heard(line)
        return answer_of(self._process.returncode, lines)

    def stop(self) -> None:
        """SIGTERM: a pipeline finishes its batch, commits, and ends."""
        self._process.terminate()


def _end_with_parent() -> None:
    """A task that is killed takes its command with it (Linux), so that a retry runs alone."""
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    except (OSError, AttributeError):
        return
