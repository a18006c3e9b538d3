"""What the launcher is told, as a JSON file: it runs in another Python, without Tidemill."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tidemill.records import dataclass

LAUNCHER = Path(__file__).with_name("launch.py")
"""The script that PyFlink's interpreter runs."""

_SUBMITTED = re.compile(r"^Job has been submitted with JobID ([0-9a-f]{32})", re.MULTILINE)


def submitted_jobs(log: Path) -> tuple[str, ...]:
    """The ids of the jobs that a program has started: Java's client says each into its log."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ()
    return tuple(dict.fromkeys(_SUBMITTED.findall(text)))


@dataclass(frozen=True, slots=True)
class LaunchSpec:
    """One run of a program.

    `command` starts the Java side, which logs to `java_log`; `provided` are names, without
    versions, of jars that are there already, `jars` the addresses of those that go with each job
    because the cluster may lack them; `report` is where the launcher says how the program
    ended. With `wait` the jobs run in the Java side: what it prints is shown, and the launcher
    waits for the jobs that the program's tables started.
    """

    program: str
    arguments: Sequence[str]
    command: Sequence[str]
    java_log: str
    provided: Sequence[str]
    jars: Sequence[str]
    report: str
    wait: bool

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")
