"""The running pipeline's side of samples: writes the newest rows while somebody wants to see them.

Who wants to see rows touches a file in the pipeline's state folder (`control.samples` does). While
it is younger than ten seconds, the newest rows behind each node stand in a file beside it, written
twice a second, for the owner's eyes. Nobody looks: no row is kept, and the file of rows is gone.
"""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.quality.result import plain
from tidemill.services.state import write_private

if TYPE_CHECKING:
    from tidemill.engine import Engine

WANTED, FILE = "samples.wanted", "samples.json"
WANTED_S = 10.0
_log = logging.getLogger("tidemill.control.samples")


class SamplePublisher:
    """The side of the running pipeline; called from its publishing thread."""

    def __init__(self, engine: Engine, state: Path) -> None:
        self._engine = engine
        self._state = state
        self._written = True

    def publish(self) -> None:
        """Write the newest rows if somebody wants them, else see that none lie about."""
        sampler = self._engine.job.samples
        if age_s(self._state / WANTED) < WANTED_S:
            sampler.want(WANTED_S)
        rows = sampler.taken(self._engine.job.plan.columns)
        if not sampler.wanted:
            self.end()
            return
        text = json.dumps({"at_ms": round(time.time() * 1000), "nodes": plain(rows)})
        try:
            write_private(self._state / FILE, text)
            self._written = True
        except OSError as reason:
            _log.warning("rows cannot be shown: %s", reason)

    def end(self) -> None:
        """Remove what was shown."""
        if self._written:
            (self._state / FILE).unlink(missing_ok=True)
            self._written = False


def age_s(path: Path) -> float:
    """How long ago a file was written; infinite where there is none."""
    try:
        return max(0.0, time.time() - path.stat().st_mtime)
    except OSError:
        return float("inf")
