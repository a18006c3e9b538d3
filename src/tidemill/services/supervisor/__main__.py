"""`python -m tidemill.services.supervisor --state DIR [--owner PID]`: the supervisor process."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tidemill.services.context import ServiceFactory
from tidemill.services.processes import identify
from tidemill.services.registry import factories
from tidemill.services.state import state_folder
from tidemill.services.supervisor.daemon import Supervisor


def main(arguments: Sequence[str], servers: Mapping[str, ServiceFactory]) -> int:
    """Supervise until stopped."""
    parser = argparse.ArgumentParser(prog="tidemill.services.supervisor")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--owner", type=int)
    options = parser.parse_args(arguments)
    owner = None
    if options.owner is not None:
        owner = identify(options.owner)
        if owner is None:
            return 0
    os.umask(0o077)
    return Supervisor(state_folder(options.state).make(), servers, owner).run()


if __name__ == "__main__":
    code = main(sys.argv[1:], factories())
    sys.stderr.flush()
    # At once: a probe that still waits for a dead server must not hold the process back.
    os._exit(code)
