"""`tidemill` with the arguments given, but one epoch an hour: what a run costs without checkpoints.

For measurements only: how often an engine commits is not for its users to set.
"""

from __future__ import annotations

import sys
from functools import partial

import tidemill.engine.engine
from tidemill.cli.main import run
from tidemill.engine.settings import EngineSettings

HOUR_MS = 3_600_000

if __name__ == "__main__":
    rare = partial(EngineSettings, epoch_interval_ms=HOUR_MS, quiet_epoch_interval_ms=HOUR_MS)
    setattr(tidemill.engine.engine, "EngineSettings", rare)  # noqa: B010 - it is a class there
    sys.exit(run(sys.argv[1:]))
