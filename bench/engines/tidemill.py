"""Tidemill's embedded engine, as a user runs it: `tidemill run FILE` as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench.engines import Run
from bench.measure import TreeMeter
from bench.watch import FirstOutput


class Tidemill:
    """The embedded engine with its defaults: exactly once, epochs of tens of milliseconds."""

    name = "Tidemill"
    settings = "defaults: exactly once"

    def __init__(self) -> None:
        self._folder = Path()
        self._bootstrap = ""
        self._runs = 0

    def start(self, bootstrap: str, folder: Path) -> None:
        """Nothing stays up between runs."""
        self._folder = folder / "tidemill"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._bootstrap = bootstrap

    def run(self, sql: str, output_topic: str | None) -> Run:
        """Run the text in a fresh folder and process."""
        self._runs += 1
        folder = self._folder / str(self._runs)
        folder.mkdir()
        file = folder / "task.sql"
        file.write_text(sql)
        first = FirstOutput(self._bootstrap, output_topic) if output_topic else None
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [Path(sys.executable).with_name("tidemill"), "run", str(file), "--json"],
                cwd=folder,
                stdout=log,
                stderr=log,
            )
            meter = TreeMeter([process.pid])
            code = process.wait()
        usage = meter.stop()
        if code != 0:
            raise RuntimeError(f"{self.name}: exit code {code}: {(folder / 'log').read_text()}")
        return Run(usage, first.stop() if first else None)

    def stop(self) -> None:
        """Nothing was started."""
